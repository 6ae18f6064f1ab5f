//! Sound answers with something wrong in them.

use serde_json::{Value, json};

/// The page with its rows changed.
fn edited(body: &[u8], edit: impl FnOnce(&mut Vec<Value>)) -> Vec<u8> {
    let mut rows: Vec<Value> = serde_json::from_slice(body).unwrap();
    edit(&mut rows);
    serde_json::to_vec(&rows).unwrap()
}

pub(super) fn in_seconds(body: &[u8]) -> Vec<u8> {
    edited(body, |rows| {
        for row in rows {
            for column in [0, 6] {
                row[column] = json!(row[column].as_i64().unwrap() / 1_000);
            }
        }
    })
}

pub(super) fn without_the_first(body: &[u8]) -> Vec<u8> {
    edited(body, |rows| drop(rows.remove(0)))
}

pub(super) fn with_another_close(body: &[u8]) -> Vec<u8> {
    edited(body, |rows| rows[0][4] = json!("9700.00000000"))
}

pub(super) fn with_the_first_twice(body: &[u8]) -> Vec<u8> {
    edited(body, |rows| rows.insert(0, rows[0].clone()))
}

/// In the tenth row, far from the border.
pub(super) fn with_high_and_low_exchanged(body: &[u8]) -> Vec<u8> {
    edited(body, |rows| {
        let (high, low) = (rows[9][2].take(), rows[9][3].take());
        (rows[9][2], rows[9][3]) = (low, high);
    })
}

pub(super) fn in_milliseconds(body: &[u8]) -> Vec<u8> {
    let mut chart: Value = serde_json::from_slice(body).unwrap();
    for time in chart["chart"]["result"][0]["timestamp"].as_array_mut().unwrap() {
        *time = json!(time.as_i64().unwrap() * 1_000);
    }
    chart.to_string().into_bytes()
}

pub(super) fn in_euros(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(body.to_vec()).unwrap();
    text.replace(r#""currency":"USD""#, r#""currency":"EUR""#).into_bytes()
}
