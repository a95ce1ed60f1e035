//! Who logs in by a fetchmailrc, and how, in popget's words.

use super::super::draft::Draft;
use super::super::fit;
use super::super::said::Said;
use super::super::shell::quoted;
use super::super::Around;
use super::account::{placed, Told};
use serde_yaml::Mapping;

/// Writes who logs in, how, and what with.
pub fn write(draft: &mut Draft, told: &Told, around: &Around, protocol: &str) {
    let (user, auth) = (told.user(around), told.value("auth"));
    draft.text("user", &user);
    let method = auth.map_or("any".into(), |said| said.shown().to_lowercase());
    if let (Some(auth), "kpop" | "pop2") = (auth, protocol) {
        let why = format!("{protocol} knows one way to log in only");
        draft.told(&auth.spot, "auth", &why);
    } else if let ("oauthbearer" | "xoauth2", Some(auth)) = (method.as_str(), auth) {
        return token(draft, told, &auth.with(method));
    } else {
        methods(draft, (&method, auth), protocol);
    }
    if protocol == "kpop" {
        return;
    }
    let clear = draft.account.keys.get("tls");
    if clear.is_some_and(|tls| tls == "none") {
        draft.in_the_clear(&told.entry.name.spot, vec!["user-pass"]);
    }
    draft.unproven(vec!["user-pass"]);
    match (told.value("password"), told.value("passwordfile")) {
        (Some(password), _) => draft.account.password = Some(password.clone()),
        (None, Some(file)) => {
            fit::set_path(draft, "password_file", ("passwordfile", &placed(file)));
        }
        (None, None) => {
            let unnamed = !netrc(draft, told, around);
            if unnamed && method != "gssapi" && method != "external" {
                draft.note("there is no password; popget asks for it unless you name a source");
            }
        }
    }
}

/// Looks into the netrc file, where fetchmail goes by the name of the entry first, and popget by the
/// server's alone. Whether there is a line for that.
fn netrc(draft: &mut Draft, told: &Told, around: &Around) -> bool {
    let known = |said: &Said| (around.in_netrc)(&said.shown());
    let (name, server) = (&told.entry.name, told.server());
    let found = known(server);
    if found {
        draft.set("netrc", true);
    }
    if !name.bytes.eq_ignore_ascii_case(&server.bytes) && known(name) {
        let (name, server) = (name.shown(), server.shown());
        let spot = &told.entry.name.spot;
        if found {
            let why = format!("popget goes by machine {server}, fetchmail by machine {name}");
            draft.told(spot, "netrc", &why);
        } else {
            let why = format!(
                "popget goes by the server's name: copy the line of machine {name} for machine \
                 {server}, and write netrc: true"
            );
            draft.lost(spot, "netrc", &why);
        }
    }
    found
}

/// The ways to log in with a password, or with nothing.
fn methods(draft: &mut Draft, (method, auth): (&str, Option<&Said>), protocol: &str) {
    match (method, auth) {
        (_, _) if protocol == "apop" => draft.set("auth", vec!["apop"]),
        ("any" | "password", _) => {}
        ("gssapi" | "kerberos" | "kerberos_v5", _) => draft.set("auth", vec!["gssapi"]),
        ("cram-md5" | "external", _) => draft.set("auth", vec![method]),
        (_, Some(auth)) => {
            let why = match method {
                "ssh" => "popget always logs in; tunnel is what runs ssh",
                _ => "popget has no such login; auth names those that it has",
            };
            draft.lost(&auth.spot, &format!("auth {method}"), why);
        }
        _ => {}
    }
}

/// Logging in with a token, which fetchmail has in place of a password.
fn token(draft: &mut Draft, told: &Told, auth: &Said) {
    let file = told.value("passwordfile");
    let path = file.and_then(|file| fit::path(draft, "passwordfile", &placed(file)));
    let Some(path) = path else {
        let why = "write an oauth with a token_command that prints the token, and auth";
        return draft.lost(&auth.spot, &format!("auth {}", auth.shown()), why);
    };
    // The shell knows the home folder if ~ stands without quotes.
    let path = match path.strip_prefix("~/") {
        Some(rest) => format!("~/{}", quoted(rest)),
        None => quoted(&path),
    };
    draft.set("auth", vec![auth.shown()]);
    let command = format!("cat {path}");
    let oauth = Mapping::from_iter([("token_command".into(), command.into())]);
    draft.set("oauth", oauth);
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::around;
    use super::super::super::yaml::{written, Passwords};
    use super::*;

    #[test]
    fn a_password_is_looked_for_by_the_name_of_the_server() {
        for (name, via, known, meant) in [
            ("a", "a", "a", (true, None)),
            ("a", "b", "a", (false, Some(true))),
            ("a", "b", "b", (true, None)),
            ("a", "b", "ab", (true, Some(false))),
            ("a", "b", "", (false, None)),
        ] {
            let in_netrc = |host: &str| !host.is_empty() && known.contains(host);
            let around = Around {
                in_netrc: &in_netrc,
                ..around()
            };
            let rc = format!("poll {name} via {via} proto pop3 user u is u here\n");
            let taken = super::super::settings(&"rc".into(), rc.as_bytes(), &around).unwrap();
            let yaml = written(&taken.accounts, Passwords::Written);
            let lost = taken.remarks.first().map(|remark| remark.is_loss());
            assert_eq!((yaml.contains("netrc: true\n"), lost), meant, "{yaml}");
        }
    }
}
