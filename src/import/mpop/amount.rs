//! Times and sizes as mpop writes them.

/// The seconds of `1d 12h` and the like.
pub fn total(text: &str) -> Option<u64> {
    let mut words = text.split_ascii_whitespace().peekable();
    words.peek()?;
    words.try_fold(0u64, |sum, word| {
        let unit = word.chars().last()?;
        let factor = match unit {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        let number: u64 = word.strip_suffix(unit)?.parse().ok()?;
        sum.checked_add(number.checked_mul(factor)?)
    })
}

/// The octets of `10`, `10k` and `10m`.
pub fn octets(text: &str) -> Option<u64> {
    let (digits, factor) = match text.as_bytes().last()? {
        b'k' => (&text[..text.len() - 1], 1 << 10),
        b'm' => (&text[..text.len() - 1], 1 << 20),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}
