//! What every provider must do, whatever happens in the help desk meanwhile.

mod law;
mod walks;
