//! What holds of files with secrets, whatever stands in them.

use super::netrc::find;

/// A password in double quotes is found as it is, whatever it holds and whatever stands behind it;
/// what is found in a file stands in it.
pub fn netrc(input: &[u8]) {
    if let Ok(Some(entry)) = find(input, "pop.example.net", Some("ann")) {
        let password = entry.password.map(|word| word.0).unwrap_or_default();
        assert!(!password.is_empty() && password.len() <= input.len());
    }
    let _ = find(input, "pop.example.net", None);
    let mut text = b"machine POP.example.net login ann password \"".to_vec();
    for byte in input {
        if matches!(byte, b'"' | b'\\') {
            text.push(b'\\');
        }
        text.push(*byte);
    }
    text.extend(b"\" # a remark\n default login x password y\n");
    let found = find(&text, "pop.example.net", Some("ann")).map(|entry| {
        let password = entry.and_then(|entry| entry.password);
        password.map(|word| word.0.to_vec()).unwrap_or_default()
    });
    assert_eq!(found, Ok(input.to_vec()));
}
