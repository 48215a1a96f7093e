//! What a checkout is made of, as far as the measured one says it: one declaration for protobuf and
//! for JSON. The numbers are those of proto/paynow/management/v1/checkout.proto.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, prost::Message)]
pub struct CreateCheckoutSessionRequest {
    #[prost(string, optional, tag = "1")]
    pub store_id: Option<String>,
    #[prost(message, optional, tag = "2")]
    pub body: Option<CreateCheckoutSessionManagementDto>,
}

#[derive(Clone, PartialEq, Serialize, prost::Message)]
pub struct CreateCheckoutSessionManagementDto {
    #[prost(message, repeated, tag = "1")]
    pub lines: Vec<CreateCheckoutSessionLineManagementDto>,
    #[prost(string, optional, tag = "2")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon_id: Option<String>,
    #[prost(string, repeated, tag = "3")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub promo_codes: Vec<String>,
    #[prost(string, optional, tag = "4")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affiliate_code: Option<String>,
    #[prost(string, optional, tag = "5")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
    #[prost(string, optional, tag = "6")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_url: Option<String>,
    #[prost(bool, optional, tag = "7")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_redirect: Option<bool>,
    #[prost(string, optional, tag = "8")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    #[prost(map = "string, string", tag = "9")]
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    pub metadata: HashMap<String, String>,
}

#[derive(Clone, PartialEq, Serialize, prost::Message)]
pub struct CreateCheckoutSessionLineManagementDto {
    #[prost(bool, optional, tag = "1")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<bool>,
    #[prost(bool, optional, tag = "2")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial: Option<bool>,
    #[prost(string, optional, tag = "4")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gift_to_customer_id: Option<String>,
    #[prost(int32, optional, tag = "5")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i32>,
    #[prost(string, optional, tag = "6")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selected_gameserver_id: Option<String>,
    #[prost(map = "string, string", tag = "7")]
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    pub custom_variables: HashMap<String, String>,
    #[prost(string, optional, tag = "8")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    #[prost(map = "string, string", tag = "11")]
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    pub metadata: HashMap<String, String>,
}

#[derive(Clone, PartialEq, Deserialize, prost::Message)]
pub struct CreateCheckoutSessionResponseDto {
    #[prost(string, optional, tag = "1")]
    pub id: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub token: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub url: Option<String>,
}
