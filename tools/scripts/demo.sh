# What a demonstration of each provider shows. Read by run.sh, with `provider` set; sets `method` and `request`, `token` (the
# member of the reply that ends the pay link), `paid` (the event of a payment), `completed` and
# `completed_request` (what shows the order that was paid, with ID in place of the checkout's id; none where the provider has none), and `read`, a call to try next.
# shellcheck shell=bash disable=SC2034,SC2154  # used and set by run.sh
case $provider in
  paynow)
    token=token
    paid=ON_ORDER_COMPLETED
    completed=paynow.management.v1.OrdersService/GetOrders
    completed_request='{"checkout_id": "ID"}'
    method=paynow.management.v1.CheckoutService/CreateCheckoutSession
    request='{
  "body": {
    "customer_id": "411486491630370817",
    "lines": [{"product_id": "411486491630370818", "quantity": 2}],
    "return_url": "https://shop.example/thanks"
  }
}'
    read="-d '{\"limit\": 3}' ADDRESS paynow.management.v1.OrdersService/GetOrders"
    ;;
  qashier)
    token=id
    paid=checkout.session.completed
    completed=qashier.v1.CheckoutSessionsService/RetrieveCheckoutSession
    completed_request='{"id": "ID"}'
    method=qashier.v1.CheckoutSessionsService/CreateCheckoutSession
    request='{
  "body": {
    "line_items": [{
      "price_data": {"currency": "sgd", "product_data": {"name": "Kopi"}, "unit_amount": 250},
      "quantity": 2
    }],
    "return_url": "https://shop.example/back",
    "success_url": "https://shop.example/thanks"
  }
}'
    read="-d '{\"limit\": 2}' ADDRESS qashier.v1.CheckoutSessionsService/ListCheckoutSessions"
    ;;
  convergegate)
    token=id
    paid=session.completed
    completed=convergegate.v1.CheckoutSessionsService/RetrieveCheckoutSession
    completed_request='{"id": "ID"}'
    method=convergegate.v1.CheckoutSessionsService/CreateCheckoutSession
    request='{
  "body": {
    "amount": 1000,
    "currency": "pln",
    "customer_email": "ada@example.com",
    "customer_firstname": "Ada",
    "customer_lastname": "Example",
    "payment_method": ["PAYMENT_METHOD_BLIK"],
    "success_url": "https://shop.example/thanks",
    "metadata": {"cart": "c-1"}
  }
}'
    read="-d '{\"id\": \"AW-sandboxOpen\", \"body\": {\"blik_code\": \"012345\"}}' ADDRESS \
convergegate.v1.CheckoutSessionsService/PayCheckoutSession"
    ;;
  paymentkit)
    token=secure_token
    paid=invoice.paid
    method=paymentkit.v1.CheckoutSessionsService/CreateCheckoutSession
    request='{
  "body": {
    "line_items": [{"price_id": "price_premium", "quantity": 1}],
    "cascade_line_items": [
      {"line_items": [{"price_id": "price_standard", "quantity": 1}], "processor_route_id": null},
      {"line_items": [{"price_id": "price_basic", "quantity": 1}], "processor_route_id": "proute_dev_fallback"}
    ],
    "custom_fields": {"order_id": "order_12345", "gift": true, "seats": 3},
    "success_url": "https://shop.example/thanks?session_id={CHECKOUT_SESSION_ID}",
    "return_url": "https://shop.example/back"
  },
  "expand": ["custom_fields"]
}'
    read="-d '{\"limit\": 3}' ADDRESS paymentkit.v1.CustomersService/ListCustomers"
    ;;
  *)
    echo "there is no provider $provider: take paynow, qashier, convergegate or paymentkit" >&2
    exit 2
    ;;
esac
