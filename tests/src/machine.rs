//! Random sequences of all public calls, with crashes, failures, lost keys and a clock that jumps, against an ideal phone.
//!
//! ```text
//! step      what may happen; dice: at random       deed, plan   what a shopper does and asks for
//! calls     a step as the app makes it             ideal        what a phone must hold; place: what may be on disk
//! time      what happens without being asked       effects      what a call makes of the ideal phone, and may say;
//!                                                               with levels, forgetting, people
//! watch     what can be seen from outside          twin         a new phone that does only what remains
//! drive     one sequence, step by step; process    hunt         many sequences, and the shortest that fails
//! ```
//!
//! To add a call: a variant of [`step::Call`] with its odds in `Dice::call`, how it is made in [`calls::make`], what it does
//! to the ideal phone in `effects`, its name in [`drive::name`]. The compiler asks for all but the odds, and the test has a
//! floor for every name.

pub mod calls;
pub mod deed;
pub mod dice;
pub mod drive;
mod effects;
mod forgetting;
pub mod hunt;
pub mod ideal;
mod levels;
mod people;
pub mod place;
pub mod plan;
mod process;
pub mod step;
mod time;
pub mod twin;
pub mod watch;
