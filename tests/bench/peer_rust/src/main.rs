//! A gateway for one method, as small as tonic and hyper make it: CreateCheckoutSession comes over
//! gRPC, goes on as JSON over kept HTTP/1.1 connections, and its reply comes back as a message.
//! No validation, deadlines, retries, limits, metrics or logs: run.py measures what those cost.
//!
//!   peer_rust PORT UPSTREAM   ->   paynow.management.v1.CheckoutService on 127.0.0.1, in plain text

mod messages;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{header, Method};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{connect::HttpConnector, Client};
use hyper_util::rt::TokioExecutor;
use messages::{CreateCheckoutSessionRequest, CreateCheckoutSessionResponseDto};
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::server::TcpIncoming;
use tonic::Status;
use tonic_prost::ProstCodec;
use tower_service::Service;

type Pending<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

#[derive(Clone)]
struct Checkouts {
    client: Client<HttpConnector, Full<Bytes>>,
    upstream: Arc<str>,
}

impl Checkouts {
    async fn create(
        self,
        request: CreateCheckoutSessionRequest,
    ) -> Result<CreateCheckoutSessionResponseDto, Status> {
        let unsent = |error: String| Status::unavailable(error);
        let unknown = |error: String| Status::unknown(error);
        let store = request.store_id.unwrap_or_default();
        let body = serde_json::to_vec(&request.body)
            .map_err(|error| Status::internal(error.to_string()))?;
        let post = http::Request::builder()
            .method(Method::POST)
            .uri(format!("{}/v1/stores/{store}/checkouts", self.upstream))
            .header(header::AUTHORIZATION, "APIKey pnapi_v1_bench")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| unsent(error.to_string()))?;
        let reply = self
            .client
            .request(post)
            .await
            .map_err(|error| unknown(error.to_string()))?;
        if !reply.status().is_success() {
            return Err(unknown(reply.status().to_string()));
        }
        let bytes = reply
            .into_body()
            .collect()
            .await
            .map_err(|error| unknown(error.to_string()))?
            .to_bytes();
        serde_json::from_slice(&bytes).map_err(|error| unknown(error.to_string()))
    }
}

impl UnaryService<CreateCheckoutSessionRequest> for Checkouts {
    type Response = CreateCheckoutSessionResponseDto;
    type Future = Pending<tonic::Response<Self::Response>, Status>;

    fn call(&mut self, request: tonic::Request<CreateCheckoutSessionRequest>) -> Self::Future {
        let call = self.clone().create(request.into_inner());
        Box::pin(async move { call.await.map(tonic::Response::new) })
    }
}

// What tonic-build would have written.
impl Service<http::Request<Body>> for Checkouts {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pending<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let method = self.clone();
        Box::pin(async move {
            if request.uri().path() != "/paynow.management.v1.CheckoutService/CreateCheckoutSession"
            {
                return Ok(Status::unimplemented("not here").into_http());
            }
            Ok(Grpc::new(ProstCodec::default())
                .unary(method, request)
                .await)
        })
    }
}

impl NamedService for Checkouts {
    const NAME: &'static str = "paynow.management.v1.CheckoutService";
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, port, upstream] = arguments.as_slice() else {
        return Err("usage: peer_rust PORT UPSTREAM".into());
    };
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let checkouts = Checkouts {
        client: Client::builder(TokioExecutor::new()).build(connector),
        upstream: upstream.as_str().into(),
    };
    let incoming =
        TcpIncoming::bind(format!("127.0.0.1:{port}").parse()?)?.with_nodelay(Some(true));
    println!("serving");
    tonic::transport::Server::builder()
        .add_service(checkouts)
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}
