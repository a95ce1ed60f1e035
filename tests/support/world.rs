//! The folder a scene plays in: a home, and everything below it that popget may touch.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A home of its own, gone with the last handle on it.
pub struct World {
    folder: TempDir,
}

impl World {
    /// A home with a password, an authority's certificate, and nothing else.
    pub fn new(password: &str) -> World {
        World::below(&std::env::temp_dir(), password)
    }

    /// The same where syncs cost nothing, if there is such a place: for hundreds of runs.
    pub fn in_memory(password: &str) -> World {
        let shared = Path::new("/dev/shm");
        let usable = tempfile::tempfile_in(shared).is_ok();
        let folder = usable.then(|| shared.to_owned());
        World::below(&folder.unwrap_or_else(std::env::temp_dir), password)
    }

    fn below(folder: &Path, password: &str) -> World {
        let world = World {
            folder: TempDir::with_prefix_in("popget-test-", folder).unwrap(),
        };
        fs::create_dir(world.folder.path().join("tmp")).unwrap();
        fs::create_dir(world.home()).unwrap();
        super::tls::write_ca(&world.home());
        world.write("password", format!("{password}\n").as_bytes());
        world
    }

    /// `$HOME`.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A path below `$HOME`.
    pub fn path(&self, below: &str) -> PathBuf {
        self.home().join(below)
    }

    /// The whole environment but `PATH`.
    pub fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("HOME", self.home()),
            ("XDG_CONFIG_HOME", self.path(".config")),
            ("XDG_STATE_HOME", self.path(".local/state")),
            ("XDG_CACHE_HOME", self.path(".cache")),
            ("XDG_DATA_HOME", self.path(".local/share")),
            ("TMPDIR", self.folder.path().join("tmp")),
        ]
    }

    /// Where the memory of this account is.
    pub fn memory(&self, account: &str) -> PathBuf {
        self.path(".local/state/popget")
            .join(format!("{account}.seen"))
    }

    /// Writes a file that only its owner may read, and the folders it needs.
    pub fn write(&self, below: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(below);
        let mut folders = fs::DirBuilder::new();
        let folders = folders.recursive(true).mode(0o700);
        folders.create(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// The bytes of the files in a folder, sorted; none when there is no such folder.
    pub fn files(&self, below: &str) -> Vec<Vec<u8>> {
        let Ok(entries) = fs::read_dir(self.path(below)) else {
            return Vec::new();
        };
        let mut files: Vec<_> = entries
            .map(|entry| fs::read(entry.unwrap().path()).unwrap())
            .collect();
        files.sort();
        files
    }

    /// The names in a folder, sorted; none when there is no such folder.
    pub fn names(&self, below: &str) -> Vec<String> {
        names(&self.path(below))
    }

    /// Every file below the folder with its size, for a report.
    pub fn tree(&self) -> String {
        let mut text = String::new();
        branch(self.folder.path(), "  ", &mut text);
        text
    }
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<String> = entries.filter_map(Result::ok).map(name).collect();
    names.sort();
    names
}

fn branch(folder: &Path, indent: &str, text: &mut String) {
    for name in names(folder) {
        let path = folder.join(&name);
        let Ok(about) = fs::symlink_metadata(&path) else {
            continue;
        };
        if about.is_dir() {
            *text += &format!("{indent}{name}/\n");
            branch(&path, &format!("{indent}  "), text);
        } else {
            *text += &format!("{indent}{name}  {}\n", about.len());
        }
    }
}
