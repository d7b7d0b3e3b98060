//! How an input is changed.

use serde_json::Value;

use super::json;
use crate::chance::Chance;

/// Longer inputs find nothing that shorter ones do not.
const BYTES_MAX: usize = 64 << 10;

/// Bytes that mean something somewhere.
const BYTES: &[u8] = b"\0\t\n\r \"%&'()*+,-./0:;<=>?@[\\]_`aAfFuU{|}~\x7f\x80\xbf\xc0\xd8\xe2\xef\xf0\xfe\xff";

/// Pieces that mean something somewhere.
const PIECES: [&[u8]; 22] = [
    b"\r\n",
    b"\r\n\r\n",
    b"\n\n",
    b"0\r\n\r\n",
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"9223372036854775808",
    b"0.1",
    b"\\ud83d",
    b"\\u0000",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xed\xa0\xbd",
    b"{}",
    b"[[[[[[[[",
    b"((((((((",
    b"!!!!!!!!",
    b"%2F%00",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 18446744073709551615\r\n",
];

/// Changes inputs, with others to take pieces from.
pub(super) struct Changes<'a> {
    pub(super) corpus: &'a [Vec<u8>],
    pub(super) chance: &'a mut Chance,
}

impl Changes<'_> {
    /// The same with a few changes.
    pub(super) fn of(mut self, mut input: Vec<u8>) -> Vec<u8> {
        for _ in 0..=self.chance.below(4) {
            if !(self.chance.one_in(2) && self.json(&mut input)) {
                self.bytes(&mut input);
            }
        }
        input.truncate(BYTES_MAX);
        input
    }

    /// Changes one line that is JSON, or all where that is; `false` when it is none.
    fn json(&mut self, input: &mut Vec<u8>) -> bool {
        let whole = serde_json::from_slice::<Value>(input).is_ok();
        let lines: Vec<_> = if whole { vec![&input[..]] } else { input.split(|byte| *byte == b'\n').collect() };
        let number = self.chance.below(lines.len());
        let Ok(mut value) = serde_json::from_slice::<Value>(lines[number]) else { return false };
        json::change(&mut value, self.chance);
        let begin = lines[..number].iter().map(|line| line.len() + 1).sum::<usize>();
        let end = begin + lines[number].len();
        input.splice(begin..end, value.to_string().into_bytes());
        true
    }

    fn bytes(&mut self, input: &mut Vec<u8>) {
        let at = self.chance.below(input.len() + 1);
        let length = self.length(input.len() - at);
        match self.chance.below(9) {
            0 => input.truncate(at),
            1 => drop(input.drain(at..at + length)),
            2 if at < input.len() => input[at] ^= 1 << self.chance.below(8),
            2 | 3 => input.insert(at, BYTES[self.chance.below(BYTES.len())]),
            4 if at < input.len() => input[at] = self.chance.number() as u8,
            4 | 5 => drop(input.splice(at..at, PIECES[self.chance.below(PIECES.len())].iter().copied())),
            6 => {
                let again = input[at..at + length].repeat(1 + self.chance.below(300));
                input.splice(at..at, again.into_iter().take(BYTES_MAX));
            }
            7 => {
                let other = &self.corpus[self.chance.below(self.corpus.len())];
                let from = self.chance.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            _ => {
                let piece = input[at..at + length].to_vec();
                let to = self.chance.below(input.len() + 1);
                input.splice(to..to, piece);
            }
        }
    }

    /// Mostly short.
    fn length(&mut self, most: usize) -> usize {
        let most = if self.chance.one_in(4) { most } else { most.min(8) };
        self.chance.below(most + 1)
    }
}
