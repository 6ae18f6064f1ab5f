DROP SCHEMA market_views CASCADE;
