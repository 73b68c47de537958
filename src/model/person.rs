//! People as tickets mention them.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::model::object::Object;
use crate::model::text::Text;

/// A person of the help desk: a requester, someone in copy, a follower.
#[derive(Debug, Clone, PartialEq, Default, Serialize, ToSchema)]
pub struct Person {
    /// Id of the person in the help desk. Null where only an address is known.
    #[schema(required, example = "3008384627")]
    pub user_id: Option<String>,
    /// E-mail address. Null if the person has none or it is not known.
    #[schema(required, value_type = Option<String>, example = "ada@example.com")]
    pub email: Option<Text>,
    /// Name. Read-only; null if it is not known.
    #[schema(required, value_type = Option<String>, example = "Ada Lovelace")]
    pub name: Option<Text>,
}

/// A person as a request names one: by the help desk's id or by e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(remote = "Self")]
#[schema(as = PersonReference)]
pub struct PersonRef {
    /// Id of the person in the help desk. Wins over `email` when both are given.
    #[schema(example = "3008384627")]
    pub user_id: Option<String>,
    /// E-mail address. The help desk makes a new contact of an address that it does not know.
    #[schema(example = "ada@example.com")]
    pub email: Option<String>,
    /// Name for a contact that is made from a new address; ignored for a known one.
    #[schema(example = "Ada Lovelace")]
    pub name: Option<String>,
}

impl<'de> Deserialize<'de> for PersonRef {
    /// From an object only, not from an array by position.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The derived reader.
        #[derive(Deserialize)]
        #[serde(transparent)]
        struct Members(#[serde(with = "PersonRef")] PersonRef);

        Object::<Members>::deserialize(deserializer).map(|Object(Members(person))| person)
    }
}
