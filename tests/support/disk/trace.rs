//! What strace has written, as calls in the order in which they ended.

use std::collections::HashMap;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The calls that are looked at: those that change files, those that make changes last, and those by
/// which something leaves the house.
const CALLS: &str = "?open,openat,?creat,write,pwrite64,writev,?pwritev,?pwritev2,sendto,sendmsg,\
    ftruncate,truncate,fallocate,?rename,?renameat,renameat2,?link,linkat,?unlink,unlinkat,\
    ?symlink,symlinkat,?mkdir,mkdirat,?rmdir,fsync,fdatasync,?sync,syncfs,?sync_file_range,\
    ?sendfile,copy_file_range,splice,?dup2,dup3,lseek,utimensat,execve";

/// The words that run a program so that its trace can be read here; `strike` may make one of its
/// calls fail, in the words of strace.
pub fn wrapper(log: &Path, strike: Option<&str>) -> Vec<String> {
    let log = log.to_str().unwrap();
    let words = "strace -f -y -q -s 100000000 --strings-in-hex=non-ascii-chars -o";
    let mut words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    words.extend([log.into(), "-e".into(), format!("trace={CALLS}")]);
    // The end of a process stands in the trace, but not its signals.
    words.extend(["-e".into(), "signal=none".into()]);
    if let Some(strike) = strike {
        words.extend(["-e".into(), format!("inject={strike}")]);
    }
    words
}

/// A call that has ended well, or the end of a process.
#[derive(Clone, Debug)]
pub struct Call {
    /// The thread.
    pub who: u32,
    /// The name of the call; `exited` for the end of a process.
    pub name: String,
    /// What it was given.
    pub given: Vec<Given>,
    /// What it gave back.
    pub result: i64,
}

/// An argument.
#[derive(Clone, Debug)]
pub enum Given {
    /// Bytes.
    Text(Rc<[u8]>),
    /// Anything else, as it is written.
    Word(String),
}

impl Call {
    /// The bytes at this place.
    pub fn text(&self, at: usize) -> Rc<[u8]> {
        match self.given.get(at) {
            Some(Given::Text(text)) => Rc::clone(text),
            other => panic!("{}: no text but {other:?}", self.name),
        }
    }

    /// The word at this place.
    pub fn word(&self, at: usize) -> &str {
        match self.given.get(at) {
            Some(Given::Word(word)) => word,
            other => panic!("{}: no word but {other:?}", self.name),
        }
    }

    /// The number at this place.
    pub fn number(&self, at: usize) -> u64 {
        let word = self.word(at);
        word.parse()
            .unwrap_or_else(|_| panic!("{}: not a number: {word}", self.name))
    }

    /// The descriptor at this place, and what it is open on.
    pub fn descriptor(&self, at: usize) -> (i32, PathBuf) {
        let word = self.word(at);
        let (number, path) = word.split_once('<').unwrap_or((word, ">"));
        let path = path.trim_end_matches("(deleted)").trim_end_matches('>');
        let number = if number == "AT_FDCWD" {
            -100
        } else {
            number.parse().unwrap()
        };
        (number, path_of(unescaped(path.as_bytes())))
    }

    /// The path at this place; the folder it begins from, if it is not the root, stands before it
    /// where the call has one.
    pub fn path(&self, at: usize) -> PathBuf {
        let path = path_of(self.text(at).to_vec());
        if path.is_absolute() {
            return path;
        }
        let before = at.checked_sub(1);
        let (_, folder) = self.descriptor(before.expect("a folder to begin from"));
        folder.join(path)
    }
}

/// Reads a trace. What failed is left out, and so is what the death of its process has cut off.
pub fn read(log: &[u8]) -> Vec<Call> {
    let mut begun: HashMap<u32, Vec<u8>> = HashMap::new();
    let mut calls = Vec::new();
    for line in log.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        let space = line.iter().position(|b| *b == b' ').unwrap();
        let who = std::str::from_utf8(&line[..space])
            .unwrap()
            .parse()
            .unwrap();
        let line = line[space..].trim_ascii_start();
        if let Some(end) = line.strip_prefix(b"+++ ") {
            let end = String::from_utf8_lossy(end).into_owned();
            let status = end
                .strip_prefix("exited with ")
                .and_then(|end| end.split(' ').next());
            let result = status.map_or(-1, |status| status.parse().unwrap());
            let (name, given) = ("exited".into(), Vec::new());
            calls.push(Call {
                who,
                name,
                given,
                result,
            });
        } else if let Some(head) = line.strip_suffix(b"<unfinished ...>") {
            begun.insert(who, head.to_vec());
        } else if line.starts_with(b"<... ") {
            let rest = line.splitn(2, |b| *b == b'>').nth(1).unwrap();
            let head = begun
                .remove(&who)
                .expect("the beginning of what is resumed");
            calls.extend(call(who, &[&head, rest].concat()));
        } else {
            calls.extend(call(who, line));
        }
    }
    calls
}

/// One call; none if it failed, or nobody knows how it ended.
fn call(who: u32, line: &[u8]) -> Option<Call> {
    let open = line.iter().position(|b| *b == b'(')?;
    let name = String::from_utf8(line[..open].to_vec()).unwrap();
    let (given, rest) = arguments(&line[open + 1..]);
    let rest = String::from_utf8_lossy(rest).into_owned();
    let result = rest.trim_start().strip_prefix("= ")?;
    let digits = result.split(|c: char| !c.is_ascii_digit()).next()?;
    let result = digits.parse().ok()?;
    Some(Call {
        who,
        name,
        given,
        result,
    })
}

/// The arguments up to the closing parenthesis, and what stands behind it.
fn arguments(mut text: &[u8]) -> (Vec<Given>, &[u8]) {
    let (mut given, mut word, mut depth) = (Vec::new(), Vec::new(), 0);
    let end = |word: &mut Vec<u8>, given: &mut Vec<Given>| {
        let text = String::from_utf8_lossy(word).trim().to_owned();
        if !text.is_empty() {
            given.push(Given::Word(text));
        }
        word.clear();
    };
    while let Some((first, rest)) = text.split_first() {
        match first {
            b'"' => {
                let length = literal(rest);
                if depth == 0 {
                    given.push(Given::Text(unescaped(&rest[..length]).into()));
                } else {
                    word.extend_from_slice(&text[..length + 2]);
                }
                text = &rest[length + 1..];
                assert!(!text.starts_with(b"..."), "strace has cut a text short");
                continue;
            }
            b'<' => {
                let length = rest.iter().position(|b| *b == b'>').unwrap() + 2;
                word.extend_from_slice(&text[..length]);
                text = &text[length..];
                continue;
            }
            b')' if depth == 0 => {
                end(&mut word, &mut given);
                return (given, rest);
            }
            b'[' | b'{' | b'(' => depth += 1,
            b']' | b'}' | b')' => depth -= 1,
            _ => {}
        }
        if *first == b',' && depth == 0 {
            end(&mut word, &mut given);
        } else {
            word.push(*first);
        }
        text = rest;
    }
    // Cut off by the death of the process.
    (given, text)
}

/// How long a text is, up to the quotation mark that ends it.
fn literal(text: &[u8]) -> usize {
    let mut at = 0;
    while text[at] != b'"' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at
}

/// A text without the escapes of C.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let digits = |text: &[u8], base: u32, most: usize| {
            let digit = |b: &&u8| (**b as char).is_digit(base);
            text.iter().take(most).take_while(digit).count()
        };
        let (byte, length) = match rest[0] {
            b'n' => (b'\n', 1),
            b't' => (b'\t', 1),
            b'r' => (b'\r', 1),
            b'v' => (0x0b, 1),
            b'f' => (0x0c, 1),
            b'x' => (number(&rest[1..3], 16), 3),
            b'0'..=b'7' => {
                let length = digits(rest, 8, 3);
                (number(&rest[..length], 8), length)
            }
            other => (other, 1),
        };
        out.push(byte);
        rest = &rest[length..];
    }
    out
}

fn number(digits: &[u8], base: u32) -> u8 {
    let text = std::str::from_utf8(digits).unwrap();
    u8::from_str_radix(text, base).unwrap()
}

fn path_of(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[test]
fn a_trace_is_read_as_it_is_written() {
    let log = b"7 write(3</a/b\\76c>, \"x\\n\\\"\\x00\\0123\", 6) = 6\n\
        8 openat(AT_FDCWD</>, \"/a, b\", O_RDWR|O_CREAT, 0600 <unfinished ...>\n\
        7 fsync(3</a/b>) = -1 EIO (Input/output error) (INJECTED)\n\
        8 <... openat resumed>) = 4</a, b>\n\
        7 renameat(3</a>, \"x\", 4</a, b>, \"y\") = 0\n\
        7 fsync(3</a/b>) = ?\n7 +++ killed by SIGKILL +++\n8 +++ exited with 75 +++\n";
    let calls = read(log);
    let names: Vec<&str> = calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(names, ["write", "openat", "renameat", "exited", "exited"]);
    assert_eq!(&*calls[0].text(1), b"x\n\"\0\n3");
    assert_eq!(calls[0].descriptor(0), (3, "/a/b>c".into()));
    assert_eq!((calls[1].path(1), calls[1].result), ("/a, b".into(), 4));
    assert_eq!(calls[2].path(1), Path::new("/a/x"));
    assert_eq!(calls[2].path(3), Path::new("/a, b/y"));
    assert_eq!((calls[3].result, calls[4].result), (-1, 75));
}
