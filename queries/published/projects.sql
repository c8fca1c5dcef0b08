-- row: one project of the organization.
SELECT project_id, project_name, state, created_at, archived_at FROM stored.projects
