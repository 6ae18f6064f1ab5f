//! Runs the built `sentinel` as a user would, for the stories in `tests/` and the crash trial in `src/bin`.

pub mod crash;
mod database;
mod dice;
mod process;
pub mod replay;
mod server;

pub use database::{Databases, OwnDatabase};
pub use process::{Finished, Sentinel};
pub use server::Server;

/// One test per database for each story, an `async fn` of a [`Sentinel`]: `sqlite::STORY` and `postgres::STORY`.
///
/// A story that is not listed is code that nobody calls, which clippy finds.
#[macro_export]
macro_rules! on_each_database {
    ($($story:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $story() {
                    super::$story($crate::Sentinel::of_this_build().unwrap()).await;
                }
            )*
        }

        mod postgres {
            $(
                #[tokio::test]
                async fn $story() {
                    super::$story($crate::Sentinel::on_postgres().unwrap()).await;
                }
            )*
        }
    };
}
