-- What dashboards and analysts read: a contract of its own (docs/sql-views.md), behind which the tables may change. In a
-- schema that no role is likely to be named after: PostgreSQL looks for a table in the schema of the role's name first.
--
-- Views read with the rights of their owner, functions with those of the caller, who needs none on the tables: the functions
-- read the views. Functions with a range are answered by the key of `bars`. They are STRICT, so the planner does not merge them into the
-- query around them, and no estimate of that query can lead to a scan of the whole table.
CREATE SCHEMA market_views;

CREATE VIEW market_views.instruments AS
SELECT id AS instrument_id,
       CASE WHEN exchange IS NULL THEN symbol ELSE exchange || ':' || symbol END AS instrument,
       symbol, name, asset_class, exchange, currency, calendar, active, created_at, updated_at
FROM instruments;

CREATE VIEW market_views.series AS
SELECT s.instrument_id, i.instrument, i.symbol, i.asset_class, s."interval",
       CASE s."interval" WHEN '1m' THEN 60 WHEN '5m' THEN 300 WHEN '15m' THEN 900 WHEN '30m' THEN 1800 WHEN '1h' THEN 3600
                         WHEN '4h' THEN 14400 WHEN '1d' THEN 86400 WHEN '1w' THEN 604800 WHEN '1mo' THEN 2592000
       END AS interval_seconds,
       s.basis, s.first_opened_at, s.last_opened_at, s.bar_count, s.version, o.name AS last_source, s.created_at, s.updated_at
FROM series s
JOIN market_views.instruments i ON i.instrument_id = s.instrument_id
LEFT JOIN sources o ON o.id = s.last_source_id;

CREATE VIEW market_views.bars AS
SELECT b.instrument_id, b."interval", b.opened_at, b.open, b.high, b.low, b.close, b.volume, b.trade_count, b.vwap,
       o.name AS source, b.recorded_at
FROM bars b
LEFT JOIN sources o ON o.id = b.source_id;

CREATE VIEW market_views.provisional_bars AS
SELECT b.instrument_id, b."interval", b.opened_at, b.open, b.high, b.low, b.close, b.volume, b.trade_count, b.vwap,
       o.name AS source, b.recorded_at
FROM provisional_bars b
LEFT JOIN sources o ON o.id = b.source_id;

CREATE VIEW market_views.revisions AS
SELECT r.instrument_id, r."interval", r.opened_at, r.kind, r.believed_from, r.believed_until, r.open, r.high, r.low, r.close,
       r.volume, r.trade_count, r.vwap, o.name AS source
FROM bar_revisions r
LEFT JOIN sources o ON o.id = r.source_id;

CREATE VIEW market_views.corporate_actions AS
SELECT a.instrument_id, i.instrument, i.symbol, a.kind, a.ex_date, a.new_shares, a.old_shares, a.amount, a.currency,
       o.name AS source, a.recorded_at
FROM corporate_actions a
JOIN market_views.instruments i ON i.instrument_id = a.instrument_id
LEFT JOIN sources o ON o.id = a.source_id;

CREATE VIEW market_views.changes AS
SELECT j.id AS change_id, j.instrument_id, i.instrument, j."interval", j.version, j.changed_at, j.kind, j.range_start, j.range_end,
       j.run_id, j.inserted, j.updated, j.unchanged, j.duplicate, j.rejected, j.discrepant
FROM journal j
JOIN market_views.instruments i ON i.instrument_id = j.instrument_id;

CREATE VIEW market_views.runs AS
SELECT r.id AS run_id, r.instrument_id, i.instrument, i.asset_class, r."interval", o.name AS source, r.state,
       r.asked_start, r.asked_end, r.reached_start, r.reached_end,
       r.inserted, r.updated, r.unchanged, r.duplicate, r.rejected, r.discrepant, r.attempts, r.error,
       r.created_at, r.started_at, r.finished_at
FROM ingest_runs r
JOIN market_views.instruments i ON i.instrument_id = r.instrument_id
LEFT JOIN sources o ON o.id = r.source_id;

CREATE VIEW market_views.coverage AS
SELECT c.instrument_id, i.instrument, c."interval", o.name AS source, c.range_start, c.range_end, c.answered_at
FROM coverage c
JOIN market_views.instruments i ON i.instrument_id = c.instrument_id
LEFT JOIN sources o ON o.id = c.source_id;

CREATE VIEW market_views.quarantine AS
SELECT q.id AS quarantine_id, q.instrument_id, i.instrument, q."interval", o.name AS source, q.run_id, q.field, q.reason, q.raw,
       q.quarantined_at
FROM quarantine q
JOIN market_views.instruments i ON i.instrument_id = q.instrument_id
LEFT JOIN sources o ON o.id = q.source_id;

CREATE VIEW market_views.discrepancies AS
SELECT d.instrument_id, i.instrument, d."interval", d.opened_at, o.name AS source, d.value_key = 'withdrawn' AS withdrawn,
       d.open, d.high, d.low, d.close, d.volume, d.trade_count, d.vwap, d.noticed_at, d.closed_at
FROM discrepancies d
JOIN market_views.instruments i ON i.instrument_id = d.instrument_id
LEFT JOIN sources o ON o.id = d.source_id;

-- Which instrument is written so: `XNAS:AAPL`, or the symbol alone where no exchange is known.
CREATE FUNCTION market_views.instrument_id(instrument text) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT i.instrument_id FROM market_views.instruments i WHERE i.instrument = instrument_id.instrument);

-- The calendars of the program, as far as the functions below need them. A name that is not known is `weekdays`.

-- Whether there is a session on a date.
CREATE FUNCTION market_views.trades_on(calendar text, day date) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN calendar = '24/7' OR extract(isodow FROM day) < 6;

-- The instant from which on bars count to a date; bars of a day and longer are dated in UTC.
CREATE FUNCTION market_views.day_start(calendar text, intraday boolean, day date) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN intraday AND calendar IN ('XNYS', 'XNAS') THEN day::timestamp AT TIME ZONE 'America/New_York'
    WHEN intraday AND calendar = '24/5' THEN (day::timestamp - interval '7 hours') AT TIME ZONE 'America/New_York'
    ELSE day::timestamp AT TIME ZONE 'UTC'
END;

-- The regular opening of a date, or its midnight in UTC where it has none.
CREATE FUNCTION market_views.session_start(calendar text, day date) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN NOT market_views.trades_on(calendar, day) THEN day::timestamp AT TIME ZONE 'UTC'
    WHEN calendar IN ('XNYS', 'XNAS') THEN (day + time '09:30') AT TIME ZONE 'America/New_York'
    WHEN calendar = '24/5' THEN (day::timestamp - interval '7 hours') AT TIME ZONE 'America/New_York'
    ELSE day::timestamp AT TIME ZONE 'UTC'
END;

-- When the daily bar of a session is final.
CREATE FUNCTION market_views.session_end(calendar text, day date) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN calendar IN ('XNYS', 'XNAS') THEN (day + time '16:00') AT TIME ZONE 'America/New_York'
    WHEN calendar = '24/5' THEN (day + time '17:00') AT TIME ZONE 'America/New_York'
    ELSE (day + 1)::timestamp AT TIME ZONE 'UTC'
END;

-- PostgreSQL has none; exact for numeric.
CREATE AGGREGATE market_views.product(numeric) (SFUNC = numeric_mul, STYPE = numeric, INITCOND = '1', PARALLEL = SAFE);

-- value × numerator / denominator, rounded once, half to even, to so many decimals; exact up to there.
CREATE FUNCTION market_views.multiplied(value numeric, numerator numeric, denominator numeric, decimals integer)
RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10 AS $$
DECLARE
    dividend numeric := abs(value) * numerator * ('1e' || decimals)::numeric;
    quotient numeric := div(dividend, denominator);
    twice_rest numeric := 2 * (dividend - quotient * denominator);
BEGIN
    IF twice_rest > denominator OR (twice_rest = denominator AND quotient % 2 = 1) THEN
        quotient := quotient + 1;
    END IF;
    RETURN sign(value) * quotient * ('1e-' || decimals)::numeric;
END $$;

-- By what the bars of one series are multiplied, as exact ratios: one row for each stretch of time between two ex-dates,
-- [starts_at, ends_at). NULL where a dividend does not fit (not below the close before it, or in another currency). No row
-- when the series is not there, or its basis does not lead to that adjustment.
CREATE FUNCTION market_views.adjustment_factors(instrument_id bigint, "interval" text, adjustment text)
RETURNS TABLE (starts_at timestamptz, ends_at timestamptz, price_numerator numeric, price_denominator numeric,
               volume_numerator numeric, volume_denominator numeric)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 50 AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH asked AS (
        SELECT s.basis, i.calendar, i.currency, s."interval" NOT IN ('1d', '1w', '1mo') AS intraday,
               -- Dividends take the close before them from the raw daily bars where there are any.
               CASE WHEN daily.instrument_id IS NULL THEN s."interval" ELSE '1d' END AS closes_of,
               s.basis = 'raw' AND adjustment_factors.adjustment IN ('split', 'all') AS counts_splits,
               s.basis = 'raw' AND adjustment_factors.adjustment = 'all' AS counts_dividends
        FROM market_views.series s
        JOIN market_views.instruments i ON i.instrument_id = s.instrument_id
        LEFT JOIN market_views.series daily
            ON daily.instrument_id = s.instrument_id AND daily."interval" = '1d' AND daily.basis = 'raw'
        WHERE s.instrument_id = adjustment_factors.instrument_id AND s."interval" = adjustment_factors."interval"
          AND (s.basis = 'raw' AND adjustment_factors.adjustment IN ('raw', 'split', 'all')
               OR (s.basis, adjustment_factors.adjustment) IN (('split_adjusted', 'split'), ('split_dividend_adjusted', 'all')))
    ), dividends AS (
        SELECT a.ex_date, a.amount, a.currency,
               (SELECT b.close FROM market_views.bars b
                WHERE b.instrument_id = adjustment_factors.instrument_id AND b."interval" = q.closes_of
                  AND b.opened_at < CASE WHEN q.closes_of IN ('1d', '1w', '1mo') THEN a.ex_date::timestamp AT TIME ZONE 'UTC'
                                         ELSE market_views.session_start(q.calendar, a.ex_date) END
                ORDER BY b.opened_at DESC LIMIT 1) AS close_before
        FROM asked q
        JOIN market_views.corporate_actions a ON a.instrument_id = adjustment_factors.instrument_id AND a.kind = 'dividend'
        WHERE q.counts_dividends
    ), steps AS (
        SELECT a.ex_date, true AS fits, a.old_shares::numeric AS price_up, a.new_shares::numeric AS price_down,
               a.new_shares::numeric AS volume_up, a.old_shares::numeric AS volume_down
        FROM asked q
        JOIN market_views.corporate_actions a ON a.instrument_id = adjustment_factors.instrument_id AND a.kind = 'split'
        WHERE q.counts_splits
        UNION ALL
        SELECT d.ex_date,
               d.amount < d.close_before AND (d.currency = q.currency OR d.currency = 'XXX' OR q.currency = 'XXX'),
               d.close_before - d.amount, d.close_before, 1, 1
        FROM asked q
        JOIN dividends d ON d.close_before IS NOT NULL
    ), days AS (
        SELECT ex_date, bool_and(fits) AS fits, market_views.product(price_up) AS price_up,
               market_views.product(price_down) AS price_down, market_views.product(volume_up) AS volume_up,
               market_views.product(volume_down) AS volume_down
        FROM steps GROUP BY ex_date
    ), stretches AS (
        SELECT lag(ex_date) OVER oldest_first AS starts_on, ex_date AS ends_on, bool_and(fits) OVER since AS fits,
               market_views.product(price_up) OVER since AS price_up, market_views.product(price_down) OVER since AS price_down,
               market_views.product(volume_up) OVER since AS volume_up,
               market_views.product(volume_down) OVER since AS volume_down
        FROM days
        WINDOW oldest_first AS (ORDER BY ex_date), since AS (ORDER BY ex_date DESC)
        UNION ALL
        SELECT (SELECT max(ex_date) FROM days), NULL, true, 1, 1, 1, 1
    )
    SELECT coalesce(market_views.day_start(q.calendar, q.intraday, t.starts_on), '-infinity'),
           coalesce(market_views.day_start(q.calendar, q.intraday, t.ends_on), 'infinity'),
           CASE WHEN t.fits THEN t.price_up END, CASE WHEN t.fits THEN t.price_down END, t.volume_up, t.volume_down
    FROM asked q CROSS JOIN stretches t;
END $$;

-- The bars of one stored series that open in [from_time, to_time), oldest first, digit for digit as the API answers them
-- with that adjustment: raw, split or all.
CREATE FUNCTION market_views.adjusted_bars(instrument_id bigint, "interval" text, adjustment text, from_time timestamptz,
                                           to_time timestamptz)
RETURNS TABLE (opened_at timestamptz, open numeric, high numeric, low numeric, close numeric, volume numeric,
               trade_count bigint, vwap numeric)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 1000 AS $$
#variable_conflict use_column
DECLARE
    stretch record;
BEGIN
    -- One range of the key for each stretch: a join would leave it to the planner whether to read the whole series.
    FOR stretch IN
        SELECT greatest(f.starts_at, adjusted_bars.from_time) AS first, least(f.ends_at, adjusted_bars.to_time) AS behind,
               f.price_numerator, f.price_denominator, f.volume_numerator, f.volume_denominator,
               coalesce(f.price_numerator = f.price_denominator, false) AS same_price,
               f.volume_numerator = f.volume_denominator AS same_volume
        FROM market_views.adjustment_factors(adjusted_bars.instrument_id, adjusted_bars."interval", adjusted_bars.adjustment) f
        WHERE f.starts_at < adjusted_bars.to_time AND f.ends_at > adjusted_bars.from_time
        ORDER BY f.starts_at
    LOOP
        IF stretch.same_price AND stretch.same_volume THEN
            RETURN QUERY
            SELECT b.opened_at, b.open, b.high, b.low, b.close, b.volume, b.trade_count, b.vwap
            FROM market_views.bars b
            WHERE b.instrument_id = adjusted_bars.instrument_id AND b."interval" = adjusted_bars."interval"
              AND b.opened_at >= stretch.first AND b.opened_at < stretch.behind
            ORDER BY b.opened_at;
        ELSE
            RETURN QUERY
            SELECT b.opened_at,
                   CASE WHEN stretch.same_price THEN b.open
                        ELSE market_views.multiplied(b.open, stretch.price_numerator, stretch.price_denominator, d.decimals) END,
                   CASE WHEN stretch.same_price THEN b.high
                        ELSE market_views.multiplied(b.high, stretch.price_numerator, stretch.price_denominator, d.decimals) END,
                   CASE WHEN stretch.same_price THEN b.low
                        ELSE market_views.multiplied(b.low, stretch.price_numerator, stretch.price_denominator, d.decimals) END,
                   CASE WHEN stretch.same_price THEN b.close
                        ELSE market_views.multiplied(b.close, stretch.price_numerator, stretch.price_denominator, d.decimals) END,
                   CASE WHEN stretch.same_volume THEN b.volume
                        -- Without trailing zeros, down to its own scale.
                        ELSE trim_scale(market_views.multiplied(b.volume, stretch.volume_numerator, stretch.volume_denominator,
                                                                greatest(scale(b.volume), 6)))
                             + ('0e-' || scale(b.volume))::numeric END,
                   b.trade_count,
                   CASE WHEN stretch.same_price THEN b.vwap
                        ELSE market_views.multiplied(b.vwap, stretch.price_numerator, stretch.price_denominator,
                                                     greatest(scale(b.vwap), 6)) END
            FROM market_views.bars b
            -- One scale for all four prices, so that no close is rounded above its high.
            CROSS JOIN LATERAL (
                SELECT greatest(scale(b.open), scale(b.high), scale(b.low), scale(b.close), 6) AS decimals) d
            WHERE b.instrument_id = adjusted_bars.instrument_id AND b."interval" = adjusted_bars."interval"
              AND b.opened_at >= stretch.first AND b.opened_at < stretch.behind
            ORDER BY b.opened_at;
        END IF;
    END LOOP;
END $$;

-- The same bars drawn together in buckets of a length: first open, highest high, lowest low, last close, volumes added.
-- Whole buckets, from the one that holds `from_time` on; they are counted from a Monday, so those of seven days are weeks.
-- A bucket shorter than the interval holds one bar.
CREATE FUNCTION market_views.candles(instrument_id bigint, "interval" text, adjustment text, from_time timestamptz,
                                     to_time timestamptz, bucket interval)
RETURNS TABLE (bucket_start timestamptz, opened_at timestamptz, open numeric, high numeric, low numeric, close numeric,
               volume numeric, bars bigint)
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 500
BEGIN ATOMIC
    WITH grid AS (
        -- A year or a month is a length here, not a date of the calendar.
        SELECT make_interval(secs => greatest(extract(epoch FROM candles.bucket), 0.001)::double precision) AS step
    )
    SELECT date_bin(g.step, b.opened_at, '1970-01-05 00:00:00+00'), min(b.opened_at),
           (array_agg(b.open ORDER BY b.opened_at))[1], max(b.high), min(b.low),
           (array_agg(b.close ORDER BY b.opened_at DESC))[1], sum(b.volume), count(*)
    FROM grid g
    CROSS JOIN LATERAL market_views.adjusted_bars(
        candles.instrument_id, candles."interval", candles.adjustment,
        date_bin(g.step, candles.from_time, '1970-01-05 00:00:00+00'),
        date_bin(g.step, candles.to_time, '1970-01-05 00:00:00+00') + g.step) b
    GROUP BY 1 ORDER BY 1;
END;

-- Simple moving averages of closes over 20, 50 and 200 bars, one row for each bucket as `candles` makes them: the averages at
-- the last bar of the bucket, NULL until there are so many bars.
CREATE FUNCTION market_views.moving_averages(instrument_id bigint, "interval" text, adjustment text, from_time timestamptz,
                                             to_time timestamptz, bucket interval)
RETURNS TABLE (bucket_start timestamptz, sma_20 numeric, sma_50 numeric, sma_200 numeric)
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 500
BEGIN ATOMIC
    WITH grid AS (
        SELECT make_interval(secs => greatest(extract(epoch FROM moving_averages.bucket), 0.001)::double precision) AS step,
               s.interval_seconds
        FROM market_views.series s
        WHERE s.instrument_id = moving_averages.instrument_id AND s."interval" = moving_averages."interval"
    ), averaged AS (
        SELECT b.opened_at,
               CASE WHEN count(*) OVER last_20 = 20 THEN avg(b.close) OVER last_20 END AS sma_20,
               CASE WHEN count(*) OVER last_50 = 50 THEN avg(b.close) OVER last_50 END AS sma_50,
               CASE WHEN count(*) OVER last_200 = 200 THEN avg(b.close) OVER last_200 END AS sma_200
        FROM grid g
        -- 200 bars back, with room for nights, weekends and holidays.
        CROSS JOIN LATERAL market_views.adjusted_bars(
            moving_averages.instrument_id, moving_averages."interval", moving_averages.adjustment,
            moving_averages.from_time - make_interval(secs => g.interval_seconds * 320.0) - interval '7 days' - g.step,
            date_bin(g.step, moving_averages.to_time, '1970-01-05 00:00:00+00') + g.step) b
        WINDOW last_20 AS (ORDER BY b.opened_at ROWS 19 PRECEDING), last_50 AS (ORDER BY b.opened_at ROWS 49 PRECEDING),
               last_200 AS (ORDER BY b.opened_at ROWS 199 PRECEDING)
    )
    SELECT date_bin(g.step, a.opened_at, '1970-01-05 00:00:00+00'), (array_agg(a.sma_20 ORDER BY a.opened_at DESC))[1],
           (array_agg(a.sma_50 ORDER BY a.opened_at DESC))[1], (array_agg(a.sma_200 ORDER BY a.opened_at DESC))[1]
    FROM grid g CROSS JOIN averaged a
    WHERE a.opened_at >= date_bin(g.step, moving_averages.from_time, '1970-01-05 00:00:00+00')
    GROUP BY 1 ORDER BY 1;
END;

-- What one instrument did up to its last daily bar that opens at or before `until`. Returns, volatility, drawdown and distance
-- are fractions (0.25 is 25 %) of closes under that adjustment; `last_close` is as stored. NULL where the bars do not
-- reach back far enough.
CREATE FUNCTION market_views.kpis(instrument_id bigint, adjustment text, until timestamptz)
RETURNS TABLE (last_opened_at timestamptz, last_close numeric, day_change double precision, return_1w double precision,
               return_1m double precision, return_ytd double precision, return_1y double precision,
               volatility double precision, max_drawdown double precision, high_52w numeric, low_52w numeric,
               place_in_52w double precision, relative_volume double precision)
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    WITH newest AS (
        SELECT b.opened_at, b.close, CASE WHEN i.calendar = '24/7' THEN 365 ELSE 252 END AS sessions_a_year
        FROM market_views.bars b
        JOIN market_views.instruments i ON i.instrument_id = b.instrument_id
        WHERE b.instrument_id = kpis.instrument_id AND b."interval" = '1d' AND b.opened_at <= kpis.until
        ORDER BY b.opened_at DESC LIMIT 1
    ), daily AS (
        -- Two weeks more than a year, so that the session at or before that day is among them.
        SELECT b.opened_at, b.close::double precision AS close, b.high, b.low, b.volume::double precision AS volume,
               b.opened_at > n.opened_at - interval '1 year' AS in_year
        FROM newest n
        CROSS JOIN LATERAL market_views.adjusted_bars(kpis.instrument_id, '1d', kpis.adjustment,
            n.opened_at - interval '1 year 14 days', n.opened_at + interval '1 microsecond') b
    ), steps AS (
        SELECT opened_at, close, high, low, in_year, volume,
               lag(close) OVER w AS close_before,
               max(close) OVER (PARTITION BY in_year ORDER BY opened_at) AS peak,
               avg(volume) OVER (ORDER BY opened_at ROWS BETWEEN 20 PRECEDING AND 1 PRECEDING) AS usual_volume
        FROM daily
        WINDOW w AS (ORDER BY opened_at)
    ), year AS (
        SELECT stddev_samp(CASE WHEN close > 0 AND close_before > 0 THEN ln(close / close_before) END) AS deviation,
               min(CASE WHEN peak > 0 THEN close / peak - 1 END) AS max_drawdown, max(high) AS high_52w, min(low) AS low_52w
        FROM steps WHERE in_year
    ), past AS (
        SELECT (array_agg(s.close ORDER BY s.opened_at DESC))[1] AS now,
               (array_agg(s.close_before ORDER BY s.opened_at DESC))[1] AS a_day,
               (array_agg(s.close ORDER BY s.opened_at DESC) FILTER (WHERE s.opened_at <= n.opened_at - interval '7 days'))[1] AS a_week,
               (array_agg(s.close ORDER BY s.opened_at DESC) FILTER (WHERE s.opened_at <= n.opened_at - interval '1 month'))[1] AS a_month,
               (array_agg(s.close ORDER BY s.opened_at DESC) FILTER (
                   WHERE s.opened_at < date_trunc('year', n.opened_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'))[1] AS last_year,
               (array_agg(s.close ORDER BY s.opened_at DESC) FILTER (WHERE s.opened_at <= n.opened_at - interval '1 year'))[1] AS a_year,
               (array_agg(s.volume / nullif(s.usual_volume, 0) ORDER BY s.opened_at DESC))[1] AS relative_volume
        FROM newest n CROSS JOIN steps s
    )
    SELECT n.opened_at, n.close, t.now / nullif(t.a_day, 0) - 1, t.now / nullif(t.a_week, 0) - 1, t.now / nullif(t.a_month, 0) - 1,
           t.now / nullif(t.last_year, 0) - 1, t.now / nullif(t.a_year, 0) - 1,
           y.deviation * sqrt(n.sessions_a_year), y.max_drawdown, y.high_52w, y.low_52w,
           (t.now - y.low_52w::double precision) / nullif((y.high_52w - y.low_52w)::double precision, 0), t.relative_volume
    FROM newest n CROSS JOIN year y CROSS JOIN past t;
END;

-- Sessions in [from_time, to_time) whose daily bar is due and not there, as `sentinel gaps` tells them: `unknown`, or
-- `confirmed_empty` when a source answered for that day in the last 30 days and had nothing.
CREATE FUNCTION market_views.missing_days(instrument_id bigint, from_time timestamptz, to_time timestamptz)
RETURNS TABLE (opened_at timestamptz, state text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 100
BEGIN ATOMIC
    WITH due AS (
        SELECT i.calendar, greatest(s.first_opened_at, missing_days.from_time) AS first,
               -- An instrument that is not brought up to date any more has no gaps behind its last bar.
               least(missing_days.to_time, now(),
                     CASE WHEN i.active THEN 'infinity' ELSE s.last_opened_at + interval '1 microsecond' END) AS behind
        FROM market_views.series s
        JOIN market_views.instruments i ON i.instrument_id = s.instrument_id
        WHERE s.instrument_id = missing_days.instrument_id AND s."interval" = '1d' AND s.first_opened_at IS NOT NULL
    ), sessions AS (
        SELECT d.day AT TIME ZONE 'UTC' AS opened_at
        FROM due
        CROSS JOIN LATERAL generate_series(date_trunc('day', due.first AT TIME ZONE 'UTC'), due.behind AT TIME ZONE 'UTC',
                                           interval '1 day') AS d(day)
        WHERE market_views.trades_on(due.calendar, d.day::date)
          AND d.day AT TIME ZONE 'UTC' >= due.first AND d.day AT TIME ZONE 'UTC' < due.behind
          AND market_views.session_end(due.calendar, d.day::date) <= now()
    ), present AS (
        SELECT b.opened_at
        FROM due
        CROSS JOIN LATERAL (
            SELECT s.opened_at FROM market_views.bars s
            WHERE s.instrument_id = missing_days.instrument_id AND s."interval" = '1d'
              AND s.opened_at >= due.first AND s.opened_at < due.behind) b
    )
    SELECT s.opened_at,
           CASE WHEN EXISTS (
               SELECT FROM market_views.coverage c
               WHERE c.instrument_id = missing_days.instrument_id AND c."interval" = '1d'
                 AND c.range_start <= s.opened_at AND c.range_end > s.opened_at
                 AND c.answered_at > now() - interval '30 days')
           THEN 'confirmed_empty' ELSE 'unknown' END
    FROM sessions s
    WHERE NOT EXISTS (SELECT FROM present p WHERE p.opened_at = s.opened_at)
    ORDER BY s.opened_at;
END;
