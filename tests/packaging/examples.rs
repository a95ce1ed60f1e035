//! The examples that are installed work as they stand there.

use super::told;
use crate::house::readme::reaches_the_network;
use crate::house::source;
use crate::support::scene::Scene;
use crate::support::server::{PopServer, PASSWORD};
use crate::support::there;
use rustix::process::{kill_process, Pid, Signal};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The lines of a block below a key of a YAML file, without their indentation.
fn block(text: &str, key: &str) -> String {
    let below = text.lines().skip_while(|line| line.trim() != key).skip(1);
    let below: Vec<&str> = below.collect();
    let blanks = below[0].len() - below[0].trim_start().len();
    let inside = below.into_iter().take_while(|line| {
        line.trim().is_empty() || line.len() - line.trim_start().len() >= blanks
    });
    inside
        .map(|line| format!("{}\n", line.get(blanks..).unwrap_or("")))
        .collect()
}

#[test]
fn the_example_of_a_configuration_is_accepted() {
    reaches_the_network(&source::text("packaging/examples/popget.yaml"), |scene| {
        scene
    });
}

#[test]
fn the_configuration_for_kubernetes_is_accepted_with_its_secrets() {
    let text = source::text("packaging/cluster/popget-kubernetes.yaml");
    let yaml = block(&text, "popget.yaml: |");
    let secrets = |scene: Scene| {
        let mut scene = scene;
        for name in ["alice", "bob"] {
            assert!(text.contains(&format!("\n  {name}: change-me\n")));
            scene = scene.file(&format!("secrets/{name}"), b"change-me\n");
        }
        let folder = scene.path("secrets");
        scene.env("CREDENTIALS_DIRECTORY", folder.to_str().unwrap())
    };
    reaches_the_network(&yaml, secrets);
}

/// Runs a command line of a scheduler with the variables that it sets, and gives its status.
fn scheduled(scene: &mut Scene, script: &str, variables: &[(&str, &str)]) -> Option<i32> {
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_popget"))
        .parent()
        .unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut words = vec![
        "env".to_owned(),
        format!("PATH={}:{path}", folder.display()),
    ];
    words.extend(
        variables
            .iter()
            .map(|(name, value)| format!("{name}={value}")),
    );
    // The program itself, which a scene puts at the end, is not what is to be run.
    words.extend(["sh", "-c", script].map(str::to_owned));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    scene.wraps(&words);
    let mut outcome = scene.run();
    outcome.take_stderr();
    let status = outcome.take_status();
    outcome.whatever();
    status
}

/// What each scheduler runs, and how it numbers what it starts.
fn schedulers() -> [(&'static str, String, &'static str, u32, &'static str); 3] {
    let kubernetes = source::text("packaging/cluster/popget-kubernetes.yaml");
    let kubernetes = block(&kubernetes[kubernetes.find("args:").unwrap()..], "- |");
    let nomad = source::text("packaging/cluster/popget.nomad.hcl");
    let (_, nomad) = nomad.split_once("<<-END\n").unwrap();
    let (nomad, _) = nomad.split_once("END\n").unwrap();
    let nomad = nomad.to_owned();
    let slurm = source::text("packaging/cluster/popget.slurm");
    [
        ("Kubernetes", kubernetes, "JOB_COMPLETION_INDEX", 0, "PARTS"),
        ("Nomad", nomad, "NOMAD_ALLOC_INDEX", 0, "PARTS"),
        ("Slurm", slurm, "SLURM_ARRAY_TASK_ID", 1, "PARTS"),
    ]
}

#[test]
fn what_schedulers_run_fetches_every_account_once() {
    for (scheduler, script, index, first, count) in schedulers() {
        let names = crate::accounts::names(9);
        let (server, text) = crate::accounts::crowd(&names);
        for name in &names {
            server.maildrop_of(name).add_named("a", "alpha.eml");
        }
        let mut scene = Scene::with_server(&server).config(&text);
        for number in first..first + 4 {
            let number = number.to_string();
            let variables = [(index, number.as_str()), (count, "4")];
            assert_eq!(
                scheduled(&mut scene, &script, &variables),
                Some(0),
                "{scheduler}"
            );
        }
        assert_eq!(server.logins(), 9, "{scheduler}");
        assert_eq!(server.commands("RETR").len(), 9, "{scheduler}");
    }
}

#[test]
fn trouble_that_passes_is_no_failure_to_schedulers_that_know_none() {
    let [kubernetes, nomad, slurm] = schedulers();
    for (told, (scheduler, script, index, first, count)) in
        [(0, kubernetes), (0, nomad), (75, slurm)]
    {
        let server = PopServer::start();
        let mut scene = Scene::with_server(&server);
        let first = first.to_string();
        let variables = [(index, first.as_str()), (count, "1")];
        let locked = server.maildrop().lock();
        assert!(locked);
        assert_eq!(
            scheduled(&mut scene, &script, &variables),
            Some(told),
            "{scheduler}"
        );
        server.maildrop().unlock();
        assert_eq!(
            scheduled(&mut scene, &script, &variables),
            Some(0),
            "{scheduler}"
        );
        // What does not pass is one to all of them.
        let mut scene = scene
            .key("password_file", "~/other")
            .file("other", b"wrong\n");
        assert_eq!(
            scheduled(&mut scene, &script, &variables),
            Some(77),
            "{scheduler}"
        );
    }
    assert_ne!(PASSWORD, "wrong");
}

/// Where a shell stands between a scheduler and popget, it passes on that it is time to end.
#[test]
fn what_schedulers_end_ends() {
    let [kubernetes, nomad, _] = schedulers();
    for (scheduler, script, index, ..) in [kubernetes, nomad] {
        let folder = tempfile::tempdir().unwrap();
        let popget = folder.path().join("popget");
        let stand_in = "#!/bin/sh\ntrap 'echo told >told; exit 75' TERM\n: >begun\n\
                        while :; do sleep 0.1; done\n";
        fs::write(&popget, stand_in).unwrap();
        fs::set_permissions(&popget, Permissions::from_mode(0o755)).unwrap();
        let path = std::env::var("PATH").unwrap();
        let mut shell = Command::new("sh")
            .args(["-c", &script])
            .env("PATH", format!("{}:{path}", folder.path().display()))
            .envs([(index, "0"), ("PARTS", "1")])
            .current_dir(folder.path())
            .spawn()
            .unwrap();
        until(|| folder.path().join("begun").exists());
        let pid = Pid::from_child(&shell);
        kill_process(pid, Signal::TERM).unwrap();
        until(|| shell.try_wait().unwrap().is_some());
        assert_eq!(shell.wait().unwrap().code(), Some(0), "{scheduler}");
        assert!(folder.path().join("told").exists(), "{scheduler}");
    }
}

/// Waits for something that comes soon.
fn until(mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < end, "it did not come");
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn the_example_for_cron_has_what_cron_lacks() {
    let text = source::text("packaging/examples/popget.cron");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[0].starts_with("PATH=") && !lines[0].contains('$'),
        "cron expands nothing"
    );
    assert!(lines[1].starts_with("MAILTO="));
    let fields: Vec<&str> = lines[2].split_whitespace().collect();
    assert_eq!(fields[1..], ["*", "*", "*", "*", "popget"]);
    assert!(fields[0].contains('/'));
}

#[test]
fn the_scripts_are_scripts() {
    if there("shellcheck", "the script for Slurm is not checked") {
        let script = super::top().join("packaging/cluster/popget.slurm");
        assert_eq!(told(Command::new("shellcheck").arg(script)), "");
    }
}
