-- row: none; the view of this name takes its place.
DROP TABLE projects
