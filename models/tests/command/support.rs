//! A small shop on disk, and the command with its output.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// What a run of the command gave.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the command writes utf-8");
        Self {
            code: output.status.code().expect("the command ends by itself"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Asserts success. Returns standard output.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self.stdout
    }

    /// Asserts that the input was refused, on one line that holds all of `parts`, and without a word of output.
    #[track_caller]
    pub(crate) fn refused(self, parts: &[&str]) {
        assert_eq!(self.code, 2, "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "");
        let errors: Vec<&str> = self.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(errors.len(), 1, "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        for part in parts {
            assert!(errors[0].contains(part), "no `{part}` in: {}", errors[0]);
        }
    }
}

/// The command in the shop's folder, with the shop's development key and a fixed date.
pub(crate) fn command(arguments: &[&str]) -> Command {
    command_in(shop(), arguments)
}

fn command_in(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tastekeeper"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("TASTEKEEPER_KEY", folder.join("development.key"))
        .env("SOURCE_DATE_EPOCH", "1780272000")
        .env_remove("RUST_BACKTRACE");
    command
}

/// Runs the command.
pub(crate) fn run(arguments: &[&str]) -> Run {
    Run::of(command(arguments).output().expect("the command starts"))
}

/// Runs the command, which must refuse and leave no file behind.
#[track_caller]
pub(crate) fn refuse(arguments: &[&str], parts: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.tkpack");
    let arguments: Vec<&str> =
        arguments.iter().map(|word| if *word == "OUT" { out.to_str().unwrap() } else { word }).collect();
    run(&arguments).refused(parts);
    assert_eq!(files(folder.path()), BTreeSet::new(), "a refused run leaves nothing");
}

/// The names in a folder.
pub(crate) fn files(folder: &Path) -> BTreeSet<String> {
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    std::fs::read_dir(folder).unwrap().map(name).collect()
}

/// Writes a file into the shop's folder, named for one test.
pub(crate) fn write(name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = shop().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

pub(crate) fn read(name: impl AsRef<OsStr>) -> Vec<u8> {
    std::fs::read(shop().join(name.as_ref())).unwrap()
}

/// The arguments with which the shop's model was trained.
pub(crate) const TRAIN: &[&str] = &[
    "train",
    "log.csv",
    "--items",
    "items.csv",
    "--attribute-columns",
    "colour",
    "--split",
    "leave-one-out",
    "--tuning-budget",
    "8",
    "--model-id",
    "shop",
    "--pack-version",
    "7",
    "--licence",
    "CC0-1.0",
];

/// A folder with `log.csv`, `log.txt` (the same), `items.csv`, and `model.tkpack`, `model.safetensors`, `card.md` that
/// were trained on them once for all tests.
pub(crate) fn shop() -> &'static Path {
    static SHOP: OnceLock<PathBuf> = OnceLock::new();
    SHOP.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("command-shop");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let (csv, sequences) = logs();
        std::fs::write(folder.join("log.csv"), csv).unwrap();
        std::fs::write(folder.join("log.txt"), sequences).unwrap();
        std::fs::write(folder.join("items.csv"), items()).unwrap();
        let outputs = ["--out", "model.tkpack", "--save-model", "model.safetensors", "--card", "card.md"];
        let done = command_in(&folder, &[TRAIN, &outputs].concat()).output().expect("the command starts");
        let done = Run::of(done);
        assert!(done.stderr.contains("made a development key"), "{}", done.stderr);
        std::fs::write(folder.join("train.stdout"), done.ok()).unwrap();
        folder
    })
}

/// Sixty shoppers who walk around one of four shelves of ten items, six steps each.
fn logs() -> (String, String) {
    let mut csv = "user,item,event,timestamp\n".to_owned();
    let mut sequences = String::new();
    for user in 0..60 {
        write!(sequences, "u{user}").unwrap();
        let (shelf, start) = (user % 4, user / 4 * 3);
        for step in 0..6 {
            let item = shelf * 10 + (start + step) % 10;
            let event = if step == 5 { "purchase" } else { "view" };
            let time = 1_700_000_000 + user * 1_000 + step;
            writeln!(csv, "u{user},i{item:02},{event},{time}").unwrap();
            write!(sequences, " i{item:02}").unwrap();
        }
        sequences.push('\n');
    }
    (csv, sequences)
}

fn items() -> String {
    let mut csv = "id,category,brand,price,colour\n".to_owned();
    for item in 0..40 {
        let (shelf, price) = (item / 10, f64::from(item) + 0.5);
        writeln!(csv, "i{item:02},shop > shelf-{shelf},brand-{},{price},red", item % 3).unwrap();
    }
    csv
}
