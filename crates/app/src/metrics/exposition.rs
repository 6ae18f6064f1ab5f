//! The text format of Prometheus, for figures that are read when somebody asks.

use std::fmt::Write;

use super::catalogue::{Kind, Metric};

/// Metrics as they are written, one after the other.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

impl Exposition {
    /// A metric with one value and no labels.
    pub(super) fn value(&mut self, metric: &Metric, value: f64) {
        self.family(metric, [([], value)]);
    }

    /// A metric with a value for each combination of its labels' values, which have to differ; nothing when there is none.
    pub(super) fn family<'a, const LABELS: usize>(
        &mut self,
        metric: &Metric,
        samples: impl IntoIterator<Item = ([&'a str; LABELS], f64)>,
    ) {
        debug_assert_eq!(metric.labels.len(), LABELS, "{}", metric.name);
        debug_assert_ne!(metric.kind, Kind::Histogram, "{}", metric.name);
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return;
        }
        let Metric { name, kind, help, .. } = metric;
        self.write(format_args!("# HELP {name} {help}\n# TYPE {name} {}\n", kind.as_str()));
        for (values, value) in samples {
            let labels: Vec<String> = metric
                .labels
                .iter()
                .zip(values)
                .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
                .collect();
            if labels.is_empty() {
                self.write(format_args!("{name} {value}\n"));
            } else {
                self.write(format_args!("{name}{{{}}} {value}\n", labels.join(",")));
            }
        }
    }

    /// What was written, behind something else.
    pub(super) fn behind(self, mut before: String) -> String {
        before.push_str(&self.0);
        before
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string fails only when a `Display` does, and none of ours does.
        let _never = self.0.write_fmt(text);
    }
}

/// A value of a label, as it may stand between quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{BUILD_INFO, POOL_CONNECTIONS, START_UP};
    use super::*;

    #[test]
    fn a_family_is_written_once_and_its_labels_are_escaped() {
        let mut exposition = Exposition::default();
        exposition.value(&START_UP, 0.25);
        exposition.family(
            &POOL_CONNECTIONS,
            [(["writer", "idle"], 1.0), (["writer", "in_use"], 0.0)],
        );
        exposition.family(&BUILD_INFO, [(["a\\b\"c\nd"], 1.0)]);
        exposition.family::<0>(&START_UP, []);
        insta::assert_snapshot!(exposition.behind(String::new()), @r#"
        # HELP sentinel_start_up_seconds Time from the start of the process until it listened.
        # TYPE sentinel_start_up_seconds gauge
        sentinel_start_up_seconds 0.25
        # HELP sentinel_database_pool_connections Open connections to the database, by pool, idle or in use.
        # TYPE sentinel_database_pool_connections gauge
        sentinel_database_pool_connections{pool="writer",state="idle"} 1
        sentinel_database_pool_connections{pool="writer",state="in_use"} 0
        # HELP sentinel_build_info Always 1; the version is in the label.
        # TYPE sentinel_build_info gauge
        sentinel_build_info{version="a\\b\"c\nd"} 1
        "#);
    }
}
