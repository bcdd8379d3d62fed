//! Words of a sendmail.mc that both mistakes and what mends them are told by. Must not know either.

use crate::mta::tree::Branch;

/// Characters that look like quotes or blanks, or like nothing.
pub const LIKENESSES: [char; 6] = [
    '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '\u{a0}', '\u{feff}',
];

/// The name of the macro that a call calls.
pub fn callee(node: Branch<'_>) -> &str {
    node.child("callee").map_or("", Branch::text)
}
