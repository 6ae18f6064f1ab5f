//! Writing bars as text: the same bytes from the command line and the API, digit for digit, the same each time.

mod bar_writer;
mod digits;
mod text_format;

pub use bar_writer::{BarRow, BarWriter, DecimalStyle};
pub use text_format::{TextFormat, UnknownTextFormat};
