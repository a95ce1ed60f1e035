//! The schema of the events that `--json` prints, and a judge of them that others wrote: Debian's
//! python3-jsonschema. One judge serves all runs of a test.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::Value;

/// Where the schema is kept, from the top of the project.
pub const PATH: &str = "packaging/schema/events.schema.json";

/// Takes events, a line each, and answers each with a list of complaints.
const JUDGE: &str = "
import json, sys
from jsonschema import Draft202012Validator as Judge
from jsonschema.exceptions import best_match
schema = json.load(open(sys.argv[1]))
Judge.check_schema(schema)
judge = Judge(schema)
for line in sys.stdin:
    worst = best_match(judge.iter_errors(json.loads(line)))
    print(json.dumps(worst.message if worst else None), flush=True)
";

struct Judge {
    _child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Judge {
    fn called() -> Judge {
        let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join(PATH);
        let mut command = Command::new("python3");
        command.args(["-c", JUDGE]).arg(schema);
        let command = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("python3");
        let (asked, answers) = (child.stdin.take(), child.stdout.take());
        Judge {
            _child: child,
            asked: asked.unwrap(),
            answers: BufReader::new(answers.unwrap()),
        }
    }

    fn asks(&mut self, event: &str) -> Option<String> {
        let line = format!("{event}\n");
        let asked = self.asked.write_all(line.as_bytes());
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let answer = serde_json::from_str::<Value>(&answer);
        match (asked, answer) {
            (Ok(()), Ok(answer)) => answer.as_str().map(str::to_owned),
            (asked, _) => panic!("python3-jsonschema does not answer ({asked:?}): {event}"),
        }
    }
}

/// What the schema has against this event, if anything.
pub fn complaint(event: &str) -> Option<String> {
    static JUDGE: OnceLock<Mutex<Judge>> = OnceLock::new();
    let judge = JUDGE.get_or_init(|| Mutex::new(Judge::called()));
    let mut judge = judge.lock().unwrap_or_else(PoisonError::into_inner);
    judge.asks(event)
}
