//! What the attributes of the handlers cannot say: the problems that each operation can answer, and closed bodies.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder};

use crate::problem::{PROBLEM_JSON, ProblemKind};

/// Bodies whose keys are all known.
const CLOSED: [&str; 3] = ["NewInstrument", "InstrumentPatch", "NewBar"];

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
        let with_body = [ProblemKind::Invalid, ProblemKind::WritesRefused, ProblemKind::TooLarge];
        for operation in [&mut item.put, &mut item.post, &mut item.patch].into_iter().flatten() {
            add(operation, path, &with_body);
            add(
                operation,
                path,
                &[ProblemKind::UnsupportedMediaType, ProblemKind::InstrumentExists],
            );
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

fn add(operation: &mut Operation, path: &str, kinds: &[ProblemKind]) {
    let mut kinds = kinds.to_vec();
    kinds.extend([ProblemKind::NotAcceptable, ProblemKind::Internal]);
    if path.contains('{') {
        kinds.push(ProblemKind::UnknownInstrument);
    }
    if path.contains("{instrument}") {
        kinds.push(ProblemKind::AmbiguousInstrument);
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
        let title = if path.contains("{instrument}") || kind != ProblemKind::UnknownInstrument {
            kind.title()
        } else {
            ProblemKind::UnknownPath.title()
        };
        let response = ResponseBuilder::new()
            .description(title)
            .content(PROBLEM_JSON, content)
            .build();
        operation
            .responses
            .responses
            .entry(kind.status().as_str().to_owned())
            .or_insert(RefOr::T(response));
    }
}
