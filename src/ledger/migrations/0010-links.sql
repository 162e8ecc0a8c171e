-- Links are in files of their own, where those of this table have gone.
DROP TABLE links;
