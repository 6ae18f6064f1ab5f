//! The list of all behaviours, and the macro that makes tests of them.

/// Makes one test of each behaviour; the argument is a future of a fresh [`Fixture`](crate::Fixture).
#[macro_export]
macro_rules! suite {
    ($fixture:expr) => {
        async fn fresh_fixture() -> $crate::Fixture {
            $fixture.await
        }

        $crate::tests! {
            merging {
                keeps_what_was_inserted
                merging_twice_changes_nothing
            }
        }
    };
}

/// The tests of some themes; [`suite!`](crate::suite) is what adapters call.
#[doc(hidden)]
#[macro_export]
macro_rules! tests {
    ($($theme:ident { $($behaviour:ident)* })*) => {
        $(
            mod $theme {
                $(
                    #[::tokio::test(flavor = "multi_thread")]
                    async fn $behaviour() {
                        $crate::check(super::fresh_fixture().await, $crate::$theme::$behaviour).await;
                    }
                )*
            }
        )*
    };
}
