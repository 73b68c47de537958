//! What every provider must do, whatever happens in the help desk meanwhile.

mod comments_law;
mod law;
mod walks;
