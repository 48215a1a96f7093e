package example;

import billinggateway.gateway.webhooks.v1.ParseEventRequest;
import billinggateway.gateway.webhooks.v1.ParseEventResponse;
import billinggateway.gateway.webhooks.v1.WebhookServiceGrpc;
import billinggateway.paynow.management.v1.CheckoutServiceGrpc;
import billinggateway.paynow.management.v1.CreateCheckoutSessionLineManagementDto;
import billinggateway.paynow.management.v1.CreateCheckoutSessionManagementDto;
import billinggateway.paynow.management.v1.CreateCheckoutSessionRequest;
import billinggateway.paynow.management.v1.GetOrdersRequest;
import billinggateway.paynow.management.v1.OrderDto;
import billinggateway.paynow.management.v1.OrdersServiceGrpc;
import billinggateway.paynow.management.v1.RefundOrderRequest;
import com.google.gson.Gson;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** What a shop asks of the gateway, in Java. */
public final class Shop {
  private static final String ORDER = "411486491630370850";
  private static final Metadata.Key<String> KEY =
      Metadata.Key.of("idempotency-key", Metadata.ASCII_STRING_MARSHALLER);

  private final CheckoutServiceGrpc.CheckoutServiceBlockingStub checkout;
  private final OrdersServiceGrpc.OrdersServiceBlockingStub orders;
  private final WebhookServiceGrpc.WebhookServiceBlockingStub webhooks;
  private final BlockingQueue<ParseEventResponse> events = new LinkedBlockingQueue<>();

  private Shop(ManagedChannel channel) {
    checkout = CheckoutServiceGrpc.newBlockingStub(channel);
    orders = OrdersServiceGrpc.newBlockingStub(channel);
    webhooks = WebhookServiceGrpc.newBlockingStub(channel);
  }

  /** The detail of this type in an error of the gateway. */
  private static <T extends com.google.protobuf.Message> Optional<T> detail(
      StatusRuntimeException error, Class<T> type) {
    com.google.rpc.Status status = StatusProto.fromThrowable(error);
    if (status == null) return Optional.empty();
    for (Any any : status.getDetailsList()) {
      try {
        if (any.is(type)) return Optional.of(any.unpack(type));
      } catch (InvalidProtocolBufferException unreadable) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  /** not_sent, refused or unknown: what happened to the money. */
  private static String outcome(StatusRuntimeException error) {
    return detail(error, ErrorInfo.class)
        .map(info -> info.getMetadataOrDefault("outcome", "unknown"))
        .orElse("unknown"); // the error is not the gateway's
  }

  private static io.grpc.ClientInterceptor withKey(String key) {
    Metadata metadata = new Metadata();
    metadata.put(KEY, key);
    return MetadataUtils.newAttachHeadersInterceptor(metadata);
  }

  private String checkOut(String cart) {
    var body =
        CreateCheckoutSessionManagementDto.newBuilder()
            .setCustomerId("411486491630370817")
            .addLines(
                CreateCheckoutSessionLineManagementDto.newBuilder()
                    .setProductId("411486491630370818")
                    .setQuantity(2))
            .setReturnUrl("https://shop.example/thanks")
            .putMetadata("cart", cart);
    return checkout
        .withDeadlineAfter(10, TimeUnit.SECONDS)
        .withInterceptors(withKey("checkout-" + cart))
        .createCheckoutSession(CreateCheckoutSessionRequest.newBuilder().setBody(body).build())
        .getUrl();
  }

  /**
   * Visits all orders of a day, the oldest first. Keep the last cursor, and tomorrow begins behind
   * it.
   */
  private void ordersOf(LocalDate day, Consumer<OrderDto> visit) throws InterruptedException {
    var request = GetOrdersRequest.newBuilder();
    for (; ; ) {
      try (var call = Context.current().withCancellation()) { // ends the stream, also early
        call.call(
            () -> {
              var replies = orders.streamOrders(request.build());
              while (replies.hasNext()) {
                var reply = replies.next();
                request.setAfter(reply.getCursor());
                var created =
                    Instant.ofEpochSecond(reply.getItem().getCreatedAt().getSeconds())
                        .atOffset(ZoneOffset.UTC)
                        .toLocalDate();
                if (created.isAfter(day)) return null;
                if (created.equals(day)) visit.accept(reply.getItem());
              }
              return null;
            });
        return;
      } catch (StatusRuntimeException error) {
        if (error.getStatus().getCode() != Status.Code.UNAVAILABLE) throw error;
        Thread.sleep(1000); // and go on behind the last item that came
      } catch (InterruptedException | RuntimeException other) {
        throw other;
      } catch (Exception other) {
        throw new IllegalStateException(other);
      }
    }
  }

  /** Repeats the refund, with its key, until the gateway knows what became of it. */
  private String refund(String key) throws InterruptedException {
    var request = RefundOrderRequest.newBuilder().setOrderId(ORDER);
    request.getBodyBuilder();
    for (int attempt = 1; ; attempt++) {
      try {
        return orders
            .withDeadlineAfter(30, TimeUnit.SECONDS)
            .withInterceptors(withKey(key))
            .refundOrder(request.build())
            .getId();
      } catch (StatusRuntimeException error) {
        System.out.printf(
            "refund, attempt %d: %s, outcome %s%n",
            attempt, error.getStatus().getCode(), outcome(error));
        // The ledger makes a repetition with the same key safe. Refused is final.
        if (outcome(error).equals("refused") || attempt == 5) throw error;
        Thread.sleep(200L << attempt);
      }
    }
  }

  /** Hands a webhook to the gateway, byte by byte as it came, and acts on what is genuine. */
  private void receive(HttpExchange exchange) throws IOException {
    try (exchange) {
      var request =
          ParseEventRequest.newBuilder()
              .setProvider("paynow")
              .setBody(ByteString.readFrom(exchange.getRequestBody()));
      exchange
          .getRequestHeaders()
          .forEach(
              (name, values) ->
                  values.forEach(
                      value -> request.addHeadersBuilder().setName(name).setValue(value)));
      // In earnest: in one transaction with what is done.
      events.add(webhooks.withDeadlineAfter(5, TimeUnit.SECONDS).parseEvent(request.build()));
      exchange.sendResponseHeaders(204, -1);
    } catch (StatusRuntimeException error) {
      exchange.sendResponseHeaders(503, -1); // a genuine one comes again
    }
  }

  private void showErrors() {
    try {
      checkout
          .withDeadlineAfter(10, TimeUnit.SECONDS)
          .createCheckoutSession(CreateCheckoutSessionRequest.getDefaultInstance());
    } catch (StatusRuntimeException error) {
      detail(error, BadRequest.class)
          .ifPresent(
              request ->
                  request
                      .getFieldViolationsList()
                      .forEach(
                          violation ->
                              System.out.printf(
                                  "violation: %s %s%n",
                                  violation.getField(), violation.getDescription())));
    }
    try {
      var request = RefundOrderRequest.newBuilder().setOrderId(ORDER);
      request.getBodyBuilder();
      orders.withDeadlineAfter(10, TimeUnit.SECONDS).refundOrder(request.build());
    } catch (StatusRuntimeException error) {
      System.out.printf("a second refund: %s %s%n", error.getStatus().getCode(), outcome(error));
    }
  }

  private void run(LocalDate day) throws Exception {
    var address =
        new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("WEBHOOK_PORT")));
    HttpServer server = HttpServer.create(address, 0);
    server.createContext("/", this::receive);
    server.start();
    try {
      System.out.println("checkout: " + checkOut("c-1"));
      int[] count = {0};
      ordersOf(day, order -> count[0]++);
      System.out.printf("orders of %s: %d%n", day, count[0]);
      System.out.println("refund: " + refund("refund-" + ORDER));
      showErrors();
      var event = events.poll(30, TimeUnit.SECONDS);
      System.out.println("webhook: " + (event == null ? "none" : event.getType()));
    } finally {
      server.stop(0);
    }
  }

  @SuppressWarnings("unchecked")
  public static void main(String[] arguments) throws Exception {
    String config = Files.readString(Path.of(System.getenv("SERVICE_CONFIG")));
    String day = System.getenv("DAY");
    ManagedChannel channel =
        ManagedChannelBuilder.forTarget(System.getenv("GATEWAY"))
            .usePlaintext()
            .defaultServiceConfig(new Gson().fromJson(config, Map.class)) // retries for reads alone
            .enableRetry()
            .build();
    try {
      new Shop(channel)
          .run(day == null ? LocalDate.now(ZoneOffset.UTC).minusDays(1) : LocalDate.parse(day));
    } finally {
      channel.shutdownNow();
    }
  }
}
