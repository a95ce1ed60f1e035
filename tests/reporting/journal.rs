//! Under systemd standard error is the journal: lines bear priorities, and new mail is told.

use super::one_known_one_new;
use crate::support::scene::Scene;

/// Makes standard error the journal, as systemd would say.
const JOURNAL: &str =
    "JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) && export JOURNAL_STREAM && exec \"$@\"";

fn under_systemd(scene: Scene) -> Scene {
    scene.under(&["sh", "-c", JOURNAL, "sh"])
}

#[test]
fn new_mail_is_one_line_and_its_absence_none() {
    let (_server, scene) = one_known_one_new();
    let mut scene = under_systemd(scene);
    scene
        .run()
        .says_exactly("<6>work: 1 new message (86 B), 1 seen\n")
        .delivers(["beta.eml"])
        .exits(0);
    scene.run().silent().exits(0);
    scene
        .run_with(&["--all", "-q"])
        .silent()
        .brings_mail()
        .exits(0);
}

#[test]
fn every_line_bears_its_priority() {
    let (_server, scene) = one_known_one_new();
    let mut scene = under_systemd(scene.deliver("mda: cat > /dev/null; echo careful >&2"));
    scene
        .run()
        .says("<4>popget: work (127.0.0.1): the MDA says: \"careful\"\n<6>work: 1 new")
        .says_lines(2)
        .exits(0);
    let mut outcome = scene.run_with(&["-vv", "--all"]);
    let said = outcome.take_stderr();
    let priorities = ["<4>", "<6>", "<7>"];
    assert!(
        said.lines().all(|line| priorities.contains(&&line[..3])),
        "{said}"
    );
    assert!(said.contains("<7>work: C: QUIT\n"), "{said}");
    outcome.exits(0);
    let (_server, scene) = one_known_one_new();
    let mut scene = under_systemd(scene.key("port", "1"));
    scene
        .run()
        .says("<3>popget: work (127.0.0.1): connecting")
        .says_lines(1)
        .exits(69);
    scene
        .run_with(&["--color", "always"])
        .says("<3>\u{1b}[31mpopget: ")
        .says_lines(1)
        .exits(69);
    scene
        .run_with(&["--nonsense"])
        .says("<3>popget: unexpected argument")
        .says_lines(1)
        .exits(64);
    let mut scene = under_systemd(Scene::new().config("x: 1\n"));
    scene.run().says("<3>popget: ").says_lines(1).exits(78);
}

#[test]
fn a_variable_that_was_only_inherited_means_nothing() {
    for stream in ["8:123456", "nonsense", "", "0:0"] {
        let (_server, scene) = one_known_one_new();
        let mut scene = scene.env("JOURNAL_STREAM", stream);
        scene.run().delivers(["beta.eml"]).silent().exits(0);
        let mut scene = scene.key("port", "1");
        scene.run().says("popget: work").says_lines(1).exits(69);
        let mut outcome = scene.run();
        assert!(!outcome.take_stderr().starts_with('<'));
        outcome.exits(69);
    }
}
