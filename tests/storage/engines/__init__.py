"""Tests of the engines that read elsewhere, against the one that reads in the run's process."""
