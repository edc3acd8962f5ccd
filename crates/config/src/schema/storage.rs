//! `storage:`

use super::value::FilePath;

section! {
    /// Where data goes.
    Storage is "`storage`", later ["database_url", "redis_url"];
    /// The data directory. `--data-dir` comes before it; unless either is there, `$STATE_DIRECTORY`, else
    /// `$XDG_DATA_HOME/gatewright`.
    optional data_dir: FilePath;
}
