//! Numbers in few bytes, for what a plugin stores: seven bits in each byte, the lowest first (LEB128).

/// Adds a number: one byte up to 127, ten at most.
///
/// ```
/// use quietus_plugin::leb128;
///
/// let mut bytes = Vec::new();
/// leb128::put(&mut bytes, 7);
/// leb128::put(&mut bytes, 1000);
/// assert_eq!(bytes, [7, 0xe8, 0x07]);
/// ```
pub fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes a number from the beginning; `None` when there is none.
///
/// ```
/// use quietus_plugin::leb128;
///
/// let mut left = &[0xe8, 0x07, 7][..];
/// assert_eq!((leb128::take(&mut left), leb128::take(&mut left), leb128::take(&mut left)), (Some(1000), Some(7), None));
/// ```
pub fn take(left: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = left.split_first()?;
        *left = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
