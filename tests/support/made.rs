//! Messages that are better made than kept in the repository: too long, too even, or too binary.

/// How a message is made.
type Maker = fn() -> Vec<u8>;

/// Each of them by its name.
pub const MADE: [(&str, Maker); 22] = [
    ("endless-line.eml", || text("endless", &line(b"x", 100_000))),
    ("endless-line-of-dots.eml", || {
        text("dots", &line(b".", 70_000))
    }),
    ("endless-header.eml", || {
        [&b"Subject: "[..], &b"long ".repeat(30_000), b"\n\nshort\n"].concat()
    }),
    ("endless-folded-header.eml", || {
        let folded = b"\n <0123456789.0123456789@example.org>".repeat(3000);
        [&b"References:"[..], &folded, b"\n\nshort\n"].concat()
    }),
    ("head-without-end.eml", || {
        [
            &b"Subject: no end\n"[..],
            &b"X-More: and more\n".repeat(6000),
        ]
        .concat()
    }),
    ("three-thousand-headers.eml", || {
        let header = |number| format!("X-Header-{number}: {number}\n");
        ((0..3000).map(header).collect::<String>() + "\nat last\n").into_bytes()
    }),
    ("every-octet.eml", || {
        // LF among them, CR before LF too, and a line of its own for each octet.
        let all: Vec<u8> = (0..=255).flat_map(|octet| [octet, b'\n']).collect();
        let glued: Vec<u8> = (0..=255).collect();
        text("octets", &[&all[..], &glued, b"\n"].concat())
    }),
    ("ten-thousand-dots.eml", || {
        text("dots", &b".\n".repeat(10_000))
    }),
    ("ten-thousand-empty-lines.eml", || b"\n".repeat(10_000)),
    ("one-line-at-a-buffer.eml", || {
        // Line ends and dots just before, on and after the sizes buffers like to have.
        let lines = [
            4094, 4095, 4096, 4097, 8190, 8191, 8192, 8193, 65_535, 65_536,
        ];
        text(
            "edges",
            &lines.map(|length| line(b".", length - 1)).concat(),
        )
    }),
    ("lines-of-998-to-1025.eml", || {
        let lines = [998, 999, 1000, 1001, 1022, 1023, 1024, 1025];
        text("lines", &lines.map(|length| line(b"b", length)).concat())
    }),
    // A line on the edge of a buffer of 8 KiB, with lines of dots behind it.
    ("line-of-8190.eml", || long_line_and_dots(8190)),
    ("line-of-8191.eml", || long_line_and_dots(8191)),
    ("line-of-8192.eml", || long_line_and_dots(8192)),
    ("line-of-8193.eml", || long_line_and_dots(8193)),
    ("line-with-a-dot-every-1024.eml", || {
        let piece = [&b"d".repeat(1023)[..], b"."].concat();
        text("dots", &line(&piece, 24))
    }),
    ("line-of-a-mebibyte.eml", || {
        text("a mebibyte", &line(b"m", 1 << 20))
    }),
    ("nul-in-the-head.eml", || {
        b"Subject: a\0b\nX-\0: c\n\nbody\n".to_vec()
    }),
    ("nul-in-a-long-message.eml", || {
        text("nul", &b"before\0behind\n\0\n".repeat(8000))
    }),
    ("carriage-returns-at-a-buffer.eml", || {
        let piece = [&b"c".repeat(1022)[..], b"\r\r"].concat();
        text("cr", &line(&piece, 24))
    }),
    ("utf16-whole.eml", || {
        let words = "\u{feff}Subject: wide\n\nall of it is wide\n\n.\nFrom here";
        let wide = words.encode_utf16().flat_map(u16::to_le_bytes);
        wide.chain(*b"\n").collect()
    }),
    ("from-line-alone.eml", || b"From here to nowhere\n".to_vec()),
];

/// A short head and this body.
fn text(subject: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("From: ann@example.org\nSubject: {subject}\n\n");
    [head.as_bytes(), body].concat()
}

/// One line of so many such pieces.
fn line(piece: &[u8], times: usize) -> Vec<u8> {
    [&piece.repeat(times)[..], b"\n"].concat()
}

fn long_line_and_dots(length: usize) -> Vec<u8> {
    text(
        "long",
        &[
            &line(b"l", length)[..],
            b".\n",
            &line(b".", length),
            b"..\nend\n",
        ]
        .concat(),
    )
}
