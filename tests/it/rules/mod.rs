//! Rules that can be trusted: what their tests say, through the program.

pub(crate) mod alarm;
mod explaining;
mod testing;

use std::process::Output;

/// What a command said, both ways.
fn text(output: &Output) -> String {
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&said).into_owned()
}
