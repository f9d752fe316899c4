//! Agora's shared crate: the marketplace's rules, its projections and readers, and the kit that functions are built from.
//!
//! Reading order: [`domain`] holds the entities and the commands on them, [`kit::command`] the one way to write them;
//! [`projections`] and [`messaging`] follow from their events; [`repository`] reads all of it; [`payment_gateway`] and
//! [`search`] call other services; [`api`] connects the domain to HTTP.

pub mod domain;
pub mod projections;

pub mod messaging;
pub mod repository;

pub mod payment_gateway;
pub mod search;

pub mod api;

pub mod kit;
