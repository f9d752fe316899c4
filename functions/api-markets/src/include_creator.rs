//! `include=creator`: the public profile of the creator of a market.

use std::collections::HashMap;

use shared::domain::user::UserId;
use shared::kit::command::StoreError;
use shared::kit::http::{Include, Included, Relation};
use shared::repository::user::profile::{Profile, ProfileReader};

use crate::creator_body::CreatorBody;

/// Resource that can be included with a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MarketRelation {
    /// Creator of the market.
    Creator,
}

impl Relation for MarketRelation {
    const ALL: &'static [(&'static str, Self)] = &[("creator", Self::Creator)];
}

/// Creators of markets; `None` if they are not requested.
pub(crate) struct Creators(Option<HashMap<UserId, Profile>>);

impl Creators {
    /// Reads the creators of markets in one request, if they are requested.
    pub(crate) async fn read(
        creators: impl Iterator<Item = UserId>,
        include: &Include<MarketRelation>,
        reader: &impl ProfileReader,
    ) -> Result<Self, StoreError> {
        if !include.has(MarketRelation::Creator) {
            return Ok(Self(None));
        }
        let creators: Vec<UserId> = creators.collect();
        Ok(Self(Some(reader.profiles(&creators).await?)))
    }

    /// Representation of a creator, if requested; null if the account was deleted.
    pub(crate) fn get(&self, id: UserId) -> Included<CreatorBody> {
        match &self.0 {
            None => Included::NotRequested,
            Some(profiles) => profiles.get(&id).map_or(Included::Null, CreatorBody::of),
        }
    }
}
