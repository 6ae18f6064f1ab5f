DROP TABLE coverage;
DROP TABLE quarantine;
DROP TABLE discrepancies;
DROP TABLE journal;
DROP TABLE bar_revisions;
