//! The names of the databases that tests make: which schema, which moment.

/// A hash of the migrations.
pub(crate) const SCHEMA: &str = env!("SCHEMA_HASH");

/// A database with a name like this is a test's.
const TEST: &str = "sentinel_test_";

/// Templates of all schemas; several checkouts may share a server.
const TEMPLATE: &str = "sentinel_template_";

/// No test runs that long: whoever made the database was killed.
const LEFT_OVER_AFTER_S: i64 = 6 * 3_600;

/// A schema that has not been asked for anew in this time belongs to a branch that is gone.
const FORGOTTEN_AFTER_S: i64 = 30 * 24 * 3_600;

/// The name of a test's database, made at a time of the server's clock by one of its processes.
pub(crate) fn of_test(unix_micros: i64, process: i32) -> String {
    let (seconds, micros) = (unix_micros.div_euclid(1_000_000), unix_micros.rem_euclid(1_000_000));
    format!("{TEST}{seconds}_{micros:06}_{process}")
}

/// With what the name of the template of a schema begins.
pub(crate) fn template_prefix(schema: &str) -> String {
    format!("{TEMPLATE}{schema}_")
}

/// The name of the template of a schema, made at a time of the server's clock.
pub(crate) fn of_template(schema: &str, unix_micros: i64) -> String {
    format!("{}{}", template_prefix(schema), unix_micros.div_euclid(1_000_000))
}

/// Whether nobody needs the database any more.
pub(crate) fn is_left_over(name: &str, now_unix_micros: i64) -> bool {
    let now = now_unix_micros.div_euclid(1_000_000);
    let older_than = |seconds: Option<&str>, age: i64| {
        let made: Option<i64> = seconds.and_then(|seconds| seconds.parse().ok());
        made.is_some_and(|made| age < now - made)
    };
    if let Some(rest) = name.strip_prefix(TEST) {
        return older_than(rest.split('_').next(), LEFT_OVER_AFTER_S);
    }
    match name.strip_prefix(TEMPLATE).and_then(|rest| rest.split_once('_')) {
        Some((schema, made)) => schema != SCHEMA && older_than(Some(made), FORGOTTEN_AFTER_S),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T08:00:00Z.
    const NOW: i64 = 1_795_334_400_000_000;
    const HOUR: i64 = 3_600_000_000;

    #[track_caller]
    fn check(name: &str, expected: bool) {
        assert_eq!(is_left_over(name, NOW), expected, "{name}");
    }

    #[test]
    fn a_name_tells_when_and_by_whom() {
        assert_eq!(of_test(NOW + 42, 7), "sentinel_test_1795334400_000042_7");
        assert_eq!(of_template("cafe", NOW), "sentinel_template_cafe_1795334400");
    }

    #[test]
    fn what_no_test_can_need_any_more_is_left_over() {
        check(&of_test(NOW, 1), false);
        check(&of_test(NOW - 5 * HOUR, 1), false);
        check(&of_test(NOW - 7 * HOUR, 1), true);
        // A clock that was set back.
        check(&of_test(NOW + HOUR, 1), false);
    }

    #[test]
    fn templates_of_other_schemas_stay_for_a_month_and_ours_for_ever() {
        check(&of_template("cafe", NOW - 24 * HOUR), false);
        check(&of_template("cafe", NOW - 31 * 24 * HOUR), true);
        check(&of_template(SCHEMA, NOW - 1_000 * 24 * HOUR), false);
    }

    #[test]
    fn databases_of_others_are_none_of_our_business() {
        for name in [
            "postgres",
            "sentinel",
            "sentinel_test_",
            "sentinel_test_data",
            "sentinel_template_x",
        ] {
            check(name, false);
        }
    }
}
