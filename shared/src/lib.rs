//! Agora's shared crate: the marketplace's domain, and the kit that its functions are built from.
//!
//! Read it in this order. [`domain`] is what is bought and sold; [`command`] is the one way anything is written, and
//! [`saga`] what takes several commits; [`dynamodb`] and [`repository`] carry both out; [`consumer`] and [`relay`] are
//! what happens behind a queue and a stream; [`http`], [`auth`] and [`api`] are the edge; [`gateway`] speaks to the
//! payment gateway, [`mail`] to the mail service; [`search`] finds what people ask for; [`runtime`] runs a function.

pub mod domain;

pub mod command;
pub mod saga;

pub mod dynamodb;
pub mod repository;

pub mod consumer;
pub mod relay;
pub mod subscriptions;

pub mod auth;
pub mod http;
pub mod lease;
pub mod limit;

pub mod api;

pub mod breaker;
pub mod client;
pub mod gateway;
pub mod mail;
pub mod search;

pub mod runtime;

pub mod aws;
pub mod cache;
pub mod clock;
pub mod config;
pub mod retry;
pub mod telemetry;
