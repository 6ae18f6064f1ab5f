DROP TABLE provider_symbols;
DROP TABLE instruments;
DROP TABLE sources;
PRAGMA application_id = 0;
