DROP TABLE provisional_bars;
DROP TABLE bars;
DROP TABLE series;
