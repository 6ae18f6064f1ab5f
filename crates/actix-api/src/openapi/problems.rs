//! What the attributes of the handlers cannot say: the problems that each operation can answer, and closed bodies.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder};

use crate::problem::{PROBLEM_JSON, ProblemKind};

/// Bodies whose keys are all known.
const CLOSED: [&str; 4] = ["NewInstrument", "InstrumentPatch", "NewBar", "IngestOrder"];

/// Adds the problems of every operation, by its path and method, and closes the bodies.
pub(super) fn document(document: &mut OpenApi) {
    let schemas = document
        .components
        .iter_mut()
        .flat_map(|components| &mut components.schemas);
    for (_, schema) in schemas.filter(|(name, _)| CLOSED.contains(&name.as_str())) {
        if let RefOr::T(Schema::Object(object)) = schema {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
    for (path, item) in &mut document.paths.paths {
        let reads = [&mut item.get];
        for operation in reads.into_iter().flatten() {
            add(operation, path, &[ProblemKind::Invalid]);
        }
        for operation in [&mut item.put, &mut item.post, &mut item.patch].into_iter().flatten() {
            add(operation, path, &[ProblemKind::Invalid, ProblemKind::WritesRefused]);
            if operation.request_body.is_some() {
                add(
                    operation,
                    path,
                    &[ProblemKind::TooLarge, ProblemKind::UnsupportedMediaType],
                );
            }
            add(operation, path, own_of_writing(path));
        }
        for operation in [&mut item.delete].into_iter().flatten() {
            add(
                operation,
                path,
                &[
                    ProblemKind::Invalid,
                    ProblemKind::WritesRefused,
                    ProblemKind::InstrumentHasBars,
                ],
            );
        }
    }
}

/// What only some writes can be told.
fn own_of_writing(path: &str) -> &'static [ProblemKind] {
    if path.starts_with("/api/v1/instruments") {
        &[ProblemKind::InstrumentExists]
    } else if path.contains("{run}") {
        &[ProblemKind::RunEnded]
    } else {
        &[
            ProblemKind::UnknownInstrument,
            ProblemKind::AmbiguousInstrument,
            ProblemKind::Impossible,
            ProblemKind::ProviderRefused,
        ]
    }
}

fn add(operation: &mut Operation, path: &str, kinds: &[ProblemKind]) {
    let mut kinds = kinds.to_vec();
    kinds.extend([ProblemKind::NotAcceptable, ProblemKind::Internal]);
    if path.contains("{instrument}") || path == "/api/v1/ingest/runs" {
        kinds.extend([ProblemKind::UnknownInstrument, ProblemKind::AmbiguousInstrument]);
    } else if path.contains("{run}") {
        kinds.push(ProblemKind::UnknownRun);
    } else if path.contains('{') {
        kinds.push(ProblemKind::UnknownPath);
    }
    if path.contains("{instrument}/") {
        kinds.push(ProblemKind::Impossible);
    }
    if path.starts_with("/api/") {
        kinds.push(ProblemKind::Unavailable);
    }
    for kind in kinds {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .build();
        let response = ResponseBuilder::new()
            .description(kind.title())
            .content(PROBLEM_JSON, content)
            .build();
        operation
            .responses
            .responses
            .entry(kind.status().as_str().to_owned())
            .or_insert(RefOr::T(response));
    }
}
