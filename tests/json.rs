//! `--json`: what happens, one object a line, for programs.

use serde_json::Value;

use crate::support::maildrop::Fault;
use crate::support::outcome::Outcome;
use crate::support::scene::Scene;
use crate::support::schema;
use crate::support::server::{PopServer, Security};
use crate::support::tls::Certificate;

/// The events of a run, each checked for what all of them have.
fn events(outcome: &mut Outcome) -> Vec<Value> {
    let text = outcome.take_stdout();
    let read = |line: &str| -> Value {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let time = event["time"].as_str().unwrap();
        let shape = time.replace(|c: char| c.is_ascii_digit(), "0");
        assert_eq!(shape, "0000-00-00T00:00:00.000Z", "{line}");
        assert!(event["event"].is_string(), "{line}");
        event
    };
    text.lines().map(read).collect()
}

/// Their names, in order.
fn names(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect()
}

fn three() -> PopServer {
    let server = PopServer::start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml")
        .add("large", &b"x".repeat(2000));
    server
}

#[test]
fn a_fetch_tells_its_story() {
    let server = three();
    let mut scene = Scene::with_server(&server)
        .key("keep", "false")
        .key("max_size", "1000")
        .remembers(["b"]);
    let mut outcome = scene.run_with(&["--json"]).exits(0).delivers(["alpha.eml"]);
    let events = events(&mut outcome);
    let expected = [
        "start", "skip", "message", "delete", "delete", "account", "summary",
    ];
    let mut sorted = names(&events);
    assert_eq!(
        (sorted[0], sorted[5], sorted[6]),
        ("start", "account", "summary")
    );
    sorted[1..5].sort_by_key(|name| expected.iter().position(|other| other == name));
    assert_eq!(sorted, expected);
    let of = |name: &str| events.iter().find(|event| event["event"] == name).unwrap();
    for event in &events[..6] {
        assert_eq!(
            (&event["account"], &event["server"]),
            (&"work".into(), &"127.0.0.1".into())
        );
    }
    assert_eq!(of("start")["mode"], "fetch");
    let message = of("message");
    assert_eq!(
        (&message["uid"], &message["size"]),
        (&"a".into(), &86.into())
    );
    assert!(message["destination"].as_str().unwrap().ends_with("/Mail"));
    assert!(message["ms"].is_u64());
    assert_eq!(
        (&of("skip")["uid"], &of("skip")["why"]),
        (&"large".into(), &"max_size".into())
    );
    let account = of("account");
    for (fact, value) in [
        ("status", 0),
        ("new", 1),
        ("seen", 1),
        ("deleted", 2),
        ("skipped", 1),
        ("failed", 0),
        ("bytes", 86),
        ("total", 3),
    ] {
        assert_eq!(account[fact], value, "{fact}");
    }
    assert_eq!(account["more"], false);
    assert!(account["ms"].is_u64() && account["error"].is_null());
    let summary = of("summary");
    assert_eq!(
        (&summary["accounts"], &summary["new"]),
        (&1.into(), &1.into())
    );
    assert!(summary.get("account").is_none());
}

#[test]
fn a_failure_is_an_object_and_a_line_all_the_same() {
    let server = three();
    server.maildrop().spoil("a", Fault::Refused);
    let mut scene = Scene::with_server(&server);
    let mut outcome = scene
        .run_with(&["--json"])
        .exits(75)
        .says("does not give this message");
    let events = events(&mut outcome);
    let account = &events[events.len() - 2];
    let error = &account["error"];
    assert_eq!(
        (&account["status"], &account["failed"]),
        (&75.into(), &1.into())
    );
    assert_eq!((&error["status"], &error["uid"]), (&75.into(), &"a".into()));
    assert_eq!(error["stage"], "retrieving");
    assert_eq!(error["message"], "the server does not give this message");
    assert!(
        error["words"].as_str().unwrap().contains("cannot be read"),
        "{error}"
    );
    assert!(error["advice"].as_str().unwrap().contains("tried again"));
    assert_eq!(account["errors"].as_array().unwrap().len(), 1);
    outcome.whatever();
}

#[test]
fn what_ends_a_run_before_it_began_is_an_event() {
    let mut scene = Scene::new().config("accounts:\n  work: {nonsense: 1}\n");
    for command in ["check", "list", "probe"] {
        let mut outcome = scene
            .run_with(&["--json", command])
            .exits(78)
            .says("nonsense");
        let events = events(&mut outcome);
        assert_eq!(names(&events), ["error"]);
        assert_eq!(events[0]["status"], 78);
        assert!(events[0]["message"]
            .as_str()
            .unwrap()
            .contains("popget.yaml:2:10"));
        assert!(events[0].get("account").is_none());
    }
}

#[test]
fn quiet_is_for_people_only() {
    let server = three();
    let mut scene = Scene::with_server(&server).key("port", "1");
    let mut outcome = scene.run_with(&["check", "--json", "-qq"]).exits(69);
    assert_eq!(
        names(&events(&mut outcome)),
        ["start", "account", "summary"]
    );
}

#[test]
fn check_and_list_and_dry_runs_tell_what_they_found() {
    let server = three();
    server.maildrop().add(
        "odd\u{e9}",
        b"Date: Fri, 21 Nov 1997 09:55:06 -0600\nFrom: \\ \xff\nSubject: =?utf-8?Q?=C3=BC?= \x07\n\n",
    );
    let mut scene = Scene::with_server(&server)
        .key("max_size", "1000")
        .remembers(["a"]);
    let mut outcome = scene.run_with(&["check", "--json"]).exits(0);
    let found = events(&mut outcome);
    assert_eq!(names(&found), ["start", "account", "summary"]);
    let facts = ["new", "seen", "skipped", "total"].map(|fact| found[1][fact].as_u64().unwrap());
    assert_eq!(facts, [2, 1, 1, 4]);
    drop(outcome);
    let mut outcome = scene.run_with(&["list", "--json"]).exits(0);
    let found = events(&mut outcome);
    assert_eq!(names(&found)[1..5], ["listed"; 4]);
    let states: Vec<&str> = found[1..5]
        .iter()
        .map(|it| it["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["seen", "new", "large", "new"]);
    assert_eq!(
        (&found[1]["number"], &found[1]["subject"]),
        (&1.into(), &"alpha".into())
    );
    assert_eq!(found[1]["date"], Value::Null);
    let odd = &found[4];
    assert_eq!(odd["uid"], "odd\u{e9}");
    assert_eq!(odd["date"], "1997-11-21T15:55:06Z");
    assert_eq!(odd["from"], "\\x5c \\xff");
    assert_eq!(odd["subject"], "\u{fc} \u{7}");
    drop(outcome);
    let mut outcome = scene
        .run_with(&["--dry-run", "--json", "--delete"])
        .exits(0);
    let found = events(&mut outcome);
    let count = |name| names(&found).iter().filter(|other| **other == name).count();
    assert_eq!(
        (
            count("would_fetch"),
            count("would_delete"),
            count("message")
        ),
        (2, 3, 0)
    );
}

#[test]
fn probe_tells_what_it_found() {
    let server = PopServer::builder()
        .security(Security::Implicit(Certificate::Expired))
        .start();
    let mut outcome = Scene::with_server(&server)
        .run_with(&["probe", "--json"])
        .exits(0);
    let found = events(&mut outcome);
    assert_eq!(names(&found), ["start", "probe", "account", "summary"]);
    let probe = &found[1];
    assert_eq!(
        (&probe["host"], &probe["port"]),
        (&"127.0.0.1".into(), &server.port().into())
    );
    assert_eq!(
        (&probe["tls"], &probe["trusted"]),
        (&"implicit".into(), &false.into())
    );
    assert_eq!(probe["why"], "its certificate has expired");
    assert!(probe["round_trip_ms"].as_f64().unwrap() > 0.0);
    assert!(probe["capabilities"]
        .as_array()
        .unwrap()
        .contains(&"TOP".into()));
    assert!(probe["capabilities_before_tls"].is_null());
    assert_eq!(
        probe["names"],
        serde_json::json!(["localhost", "127.0.0.1"])
    );
    assert!(probe["valid_until"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_fetch_goes_on_when_nobody_reads_any_more() {
    let server = three();
    let mut scene = Scene::with_server(&server).under(&[
        "bash",
        "-c",
        "\"$0\" \"$@\" | true; exit \"${PIPESTATUS[0]}\"",
    ]);
    let outcome = scene.run_with(&["--json"]).exits(0);
    outcome.delivers_bytes(&[
        crate::support::mail::named("alpha.eml"),
        crate::support::mail::named("beta.eml"),
        [&b"x".repeat(2000)[..], b"\n"].concat(),
    ]);
}

#[test]
fn a_broken_command_line_is_an_event_as_well() {
    for arguments in [
        &["--json", "--nonsense"][..],
        &["fetch", "--json"],
        &["--json", "--keep", "--delete"],
    ] {
        let mut scene = Scene::new();
        let mut outcome = scene.run_with(arguments).exits(64).says_lines(1);
        let events = events(&mut outcome);
        assert_eq!(names(&events), ["error"]);
        assert_eq!(events[0]["status"], 64);
    }
    // Behind -- it is no option.
    Scene::new()
        .run_with(&["--", "--json"])
        .says_lines(1)
        .exits(64);
}

#[test]
fn the_schema_is_closed_and_every_field_is_described() {
    let text = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/packaging/schema/events.schema.json"
    ));
    let schema: Value = serde_json::from_slice(&text.unwrap()).unwrap();
    let defined = schema["$defs"].as_object().unwrap();
    let described = |field: &Value| {
        let elsewhere = field["$ref"]
            .as_str()
            .and_then(|path| defined.get(path.rsplit('/').next()?));
        [Some(field), elsewhere]
            .into_iter()
            .flatten()
            .any(|it| it["description"].is_string())
    };
    let mut objects = 0;
    for (name, what) in defined {
        assert!(what["description"].is_string(), "{name}");
        let Some(fields) = what["properties"].as_object() else {
            continue;
        };
        assert_eq!(what["additionalProperties"], false, "{name}");
        for (field, what) in fields {
            assert!(described(what), "{name}: {field}");
        }
        objects += 1;
    }
    assert!(objects > 10);
    let kinds = schema["oneOf"].as_array().unwrap().len();
    assert_eq!(kinds + 1, objects); // and the failures within them
}

#[test]
fn a_broken_event_is_none() {
    let server = three();
    server.maildrop().spoil("a", Fault::Refused);
    let mut scene = Scene::with_server(&server)
        .key("max_size", "1000")
        .key("keep", "false");
    let mut kinds = Vec::new();
    for arguments in [
        &["--json"][..],
        &["--json", "list"],
        &["--json", "probe"],
        &["--json", "-n", "--all"],
    ] {
        let mut outcome = scene.run_with(arguments);
        let events = events(&mut outcome);
        outcome.whatever();
        for event in events {
            let kind = event["event"].as_str().unwrap().to_owned();
            if !kinds.contains(&kind) {
                broken_in_every_way(&event);
                kinds.push(kind);
            }
        }
    }
    assert!(kinds.len() >= 10, "{kinds:?}");
}

/// An event that fits does not fit any more if a fact of it is missing or of another kind, or if
/// there is one more.
pub fn broken_in_every_way(event: &Value) {
    assert_eq!(schema::complaint(&event.to_string()), None);
    let facts = event.as_object().unwrap();
    let mut broken = Vec::new();
    for name in facts.keys() {
        let mut without = facts.clone();
        without.remove(name);
        broken.push(without);
        let mut odd = facts.clone();
        odd.insert(name.clone(), serde_json::json!({"odd": 1}));
        broken.push(odd);
    }
    let mut more = facts.clone();
    more.insert("more_than_that".into(), Value::Null);
    broken.push(more);
    for event in broken {
        let event = Value::Object(event).to_string();
        assert!(schema::complaint(&event).is_some(), "{event}");
    }
}

#[test]
fn the_manual_counts_new_mail_with_jq() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/man/popget.1")).unwrap();
    let lines = page
        .lines()
        .filter_map(|line| line.strip_prefix(".Dl popget --json | "));
    let [consumer] = lines.collect::<Vec<_>>()[..] else {
        panic!("no consumer, or several")
    };
    let consumer = consumer.replace("\\(dq", "\"").replace("\\&", "");
    let names: Vec<String> = ["one", "two"].map(str::to_owned).to_vec();
    let (server, text) = crate::accounts::crowd(&names);
    server
        .maildrop_of("one")
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    let pipe = format!("\"$0\" --json | {consumer}");
    let mut scene = Scene::with_server(&server)
        .config(&text)
        .under(&["sh", "-c", &pipe]);
    let mut outcome = scene.run().exits(0);
    let printed = outcome.take_stdout();
    let mut counts: Vec<&str> = printed.lines().collect();
    counts.sort_unstable();
    assert_eq!(counts, ["one\t2", "two\t0"]);
}
