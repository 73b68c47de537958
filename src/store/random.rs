//! Random names of rows: what ids and the public half of API keys are made of.

use rand::RngExt;

/// The characters of a random name: readable in a URL, a log and a spreadsheet.
const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// Draws a name of `length` lower-case letters and digits.
pub(super) fn draw_name(length: usize) -> String {
    let mut rng = rand::rng();
    (0..length)
        .map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())]))
        .collect()
}

/// Says whether `text` could have been drawn by [`draw_name`] with this length.
pub(super) fn is_name(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| ALPHABET.contains(&byte))
}
