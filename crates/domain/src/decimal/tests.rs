use proptest::prelude::*;

use super::*;

fn check(text: &str, printed: &str) {
    assert_eq!(Decimal::parse(text).unwrap().to_string(), printed, "from {text}");
}

#[test]
fn keeps_the_scale_as_received() {
    check("187.10", "187.10");
    check("187", "187");
    check("0.000", "0.000");
    check("-37.63", "-37.63");
    check("007.5", "7.5");
    check(".5", "0.5");
    check("1.", "1");
    check("+3", "3");
    check(
        "12345678901234567890.123456789012345678",
        "12345678901234567890.123456789012345678",
    );
}

#[test]
fn expands_an_exponent_once() {
    check("1E-7", "0.0000001");
    check("1.5e3", "1500");
    check("1.25e1", "12.5");
    check("9.223372036854776E18", "9223372036854776000");
    check("0e5", "0");
    check("0e-400", "0.000000000000000000");
}

#[test]
fn refuses_an_exponent_before_expanding_it() {
    for text in [
        "1e400000000",
        "1e-400000000",
        "1e99999999999999999999999",
        "123456789012345678901",
        "0.1234567890123456789",
    ] {
        assert!(
            matches!(Decimal::parse(text), Err(DecimalError::TooManyDigits { .. })),
            "{text}"
        );
    }
}

#[test]
fn refuses_what_is_not_a_number() {
    for text in [
        "", ".", "-", "NaN", "inf", "1,5", "1 000", "0x1f", "1e", "1e5.0", "--1", "１",
    ] {
        assert!(
            matches!(Decimal::parse(text), Err(DecimalError::NotANumber { .. })),
            "{text}"
        );
    }
}

#[test]
fn equality_and_order_are_numeric() {
    let of = |text| Decimal::parse(text).unwrap();
    assert_eq!(of("1.50"), of("1.5"));
    assert!(of("-2") < of("-1.999"));
    assert!(of("99999999999999999999") > of("0.000000000000000001"));
}

#[test]
fn rounds_half_to_even() {
    let half = |text: &str| {
        Decimal::parse(text)
            .unwrap()
            .scaled_by(&1.into(), &1.into(), 1)
            .unwrap()
            .to_string()
    };
    assert_eq!(half("0.25"), "0.2");
    assert_eq!(half("0.35"), "0.4");
    assert_eq!(half("-0.25"), "-0.2");
    assert_eq!(half("-0.35"), "-0.4");
    assert_eq!(half("0.251"), "0.3");
}

fn any_digits() -> impl Strategy<Value = (i128, u8)> {
    (0_u8..=18).prop_flat_map(|scale| {
        let limit = 10_i128.pow(20 + u32::from(scale));
        (1 - limit..limit, Just(scale))
    })
}

proptest! {
    #[test]
    fn parse_of_print_is_identity((mantissa, scale) in any_digits()) {
        let value = Decimal::new(mantissa, scale).unwrap();
        let again = Decimal::parse(&value.to_string()).unwrap();
        prop_assert_eq!((again.mantissa, again.scale), (mantissa, scale));
        prop_assert_eq!(Decimal::from_big(&value.to_big()).unwrap(), value);
    }

    #[test]
    fn parsing_never_panics(text in "[-+0-9.eE]{0,40}") {
        let _ = Decimal::parse(&text);
    }
}
