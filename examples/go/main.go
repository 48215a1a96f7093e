// Command shop shows what a shop asks of the gateway, in Go.
//
//	GATEWAY=127.0.0.1:50051 shop
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	kept "example.com/shop/gen/gateway/events/v1"
	webhooks "example.com/shop/gen/gateway/webhooks/v1"
	paynow "example.com/shop/gen/paynow/management/v1"
)

const order = "411486491630370850"

// outcome says what happened to the money: not_sent, refused or unknown.
func outcome(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetMetadata()["outcome"]
		}
	}
	return "unknown" // the error is not the gateway's
}

func withKey(ctx context.Context, key string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "idempotency-key", key)
}

func checkOut(ctx context.Context, client paynow.CheckoutServiceClient, cart string) (string, error) {
	ctx, cancel := context.WithTimeout(withKey(ctx, "checkout-"+cart), 10*time.Second)
	defer cancel()
	session, err := client.CreateCheckoutSession(ctx, &paynow.CreateCheckoutSessionRequest{
		Body: &paynow.CreateCheckoutSessionManagementDto{
			CustomerId: proto.String("411486491630370817"),
			Lines: []*paynow.CreateCheckoutSessionLineManagementDto{
				{ProductId: proto.String("411486491630370818"), Quantity: proto.Int32(2)},
			},
			ReturnUrl: proto.String("https://shop.example/thanks"),
			Metadata:  map[string]string{"cart": cart},
		},
	})
	return session.GetUrl(), err
}

// ordersOf calls visit with each order of a day, the oldest first. Keep the last cursor, and
// tomorrow begins behind it.
func ordersOf(ctx context.Context, client paynow.OrdersServiceClient, day string, visit func(*paynow.OrderDto)) error {
	request := &paynow.GetOrdersRequest{}
	for {
		err := readOrders(ctx, client, request, day, visit)
		if status.Code(err) != codes.Unavailable {
			return err
		}
		time.Sleep(time.Second) // and go on behind the last item that came
	}
}

func readOrders(ctx context.Context, client paynow.OrdersServiceClient, request *paynow.GetOrdersRequest, day string, visit func(*paynow.OrderDto)) error {
	ctx, cancel := context.WithCancel(ctx) // ends the stream, also when we have seen enough
	defer cancel()
	stream, err := client.StreamOrders(ctx, request)
	if err != nil {
		return err
	}
	for {
		reply, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		request.After = proto.String(reply.GetCursor())
		created := reply.GetItem().GetCreatedAt().AsTime().Format(time.DateOnly)
		if created > day {
			return nil
		}
		if created == day {
			visit(reply.GetItem())
		}
	}
}

// refund repeats a refund, with its key, until the gateway knows what became of it.
func refund(ctx context.Context, client paynow.OrdersServiceClient, key string) (string, error) {
	for attempt := 1; ; attempt++ {
		id, err := tryRefund(withKey(ctx, key), client)
		if err == nil {
			return id, nil
		}
		fmt.Printf("refund, attempt %d: %s, outcome %s\n", attempt, status.Code(err).String(), outcome(err))
		// The ledger makes a repetition with the same key safe. Refused is final.
		if outcome(err) == "refused" || attempt == 5 {
			return "", err
		}
		time.Sleep(200 * time.Millisecond << attempt)
	}
}

func tryRefund(ctx context.Context, client paynow.OrdersServiceClient) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	reply, err := client.RefundOrder(ctx, &paynow.RefundOrderRequest{
		OrderId: proto.String(order), Body: &paynow.CreateRefundRequestDto{}})
	return reply.GetId(), err
}

// receiver hands each webhook to the gateway, byte by byte as it came, and acts on what is genuine.
func receiver(client webhooks.WebhookServiceClient, events chan<- *webhooks.ParseEventResponse) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		request := &webhooks.ParseEventRequest{Provider: "paynow", Body: body}
		for name, values := range r.Header {
			for _, value := range values {
				request.Headers = append(request.Headers, &webhooks.Header{Name: name, Value: value})
			}
		}
		var event *webhooks.ParseEventResponse
		if err == nil {
			event, err = client.ParseEvent(ctx, request)
		}
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable) // a genuine one comes again
			return
		}
		events <- event // in earnest: in one transaction with what is done
		w.WriteHeader(http.StatusNoContent)
	}
}

func showErrors(ctx context.Context, connection *grpc.ClientConn) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, err := paynow.NewCheckoutServiceClient(connection).CreateCheckoutSession(ctx, &paynow.CreateCheckoutSessionRequest{})
	for _, detail := range status.Convert(err).Details() {
		if request, ok := detail.(*errdetails.BadRequest); ok {
			for _, violation := range request.GetFieldViolations() {
				fmt.Println("violation:", violation.GetField(), violation.GetDescription())
			}
		}
	}
	_, err = tryRefund(ctx, paynow.NewOrdersServiceClient(connection))
	fmt.Println("a second refund:", status.Code(err), outcome(err))
}

func run() error {
	ctx := context.Background()
	config, err := os.ReadFile(os.Getenv("SERVICE_CONFIG"))
	if err != nil {
		return err
	}
	connection, err := grpc.NewClient(os.Getenv("GATEWAY"),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(string(config))) // retries for reads alone
	if err != nil {
		return err
	}
	defer connection.Close()
	orders := paynow.NewOrdersServiceClient(connection)

	events := make(chan *webhooks.ParseEventResponse, 16)
	server := &http.Server{Addr: "127.0.0.1:" + os.Getenv("WEBHOOK_PORT"), ReadHeaderTimeout: 5 * time.Second,
		Handler: receiver(webhooks.NewWebhookServiceClient(connection), events)}
	go func() { _ = server.ListenAndServe() }()
	defer server.Close()

	url, err := checkOut(ctx, paynow.NewCheckoutServiceClient(connection), "c-1")
	if err != nil {
		return err
	}
	fmt.Println("checkout:", url)

	day := os.Getenv("DAY")
	if day == "" {
		day = time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)
	}
	count := 0
	if err := ordersOf(ctx, orders, day, func(*paynow.OrderDto) { count++ }); err != nil {
		return err
	}
	fmt.Printf("orders of %s: %d\n", day, count)

	id, err := refund(ctx, orders, "refund-"+order)
	if err != nil {
		return err
	}
	fmt.Println("refund:", id)

	showErrors(ctx, connection)

	select {
	case event := <-events:
		fmt.Println("webhook:", event.GetType())
	case <-time.After(30 * time.Second):
		return errors.New("no webhook came")
	}
	return showEvent(ctx, kept.NewEventServiceClient(connection))
}

// showEvent shows the first event that the gateway itself has received, and says "done".
func showEvent(ctx context.Context, client kept.EventServiceClient) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	shown := errors.New("no event came")
	consume(ctx, client, "shop", func(event *kept.ReceivedEvent) error {
		if shown != nil {
			fmt.Println("event:", event.GetEvent().GetType())
			shown = nil
			time.AfterFunc(time.Second, cancel) // once the acknowledgement is sent
		}
		return nil
	})
	return shown
}

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
