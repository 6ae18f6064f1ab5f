DROP TABLE provider_symbols;
DROP TABLE instruments;
DROP TABLE sources;
