//! What popget remembers: no message comes twice, and none is taken for another.

mod file;
mod limits;
mod moved;
mod sameness;
mod without_uids;
