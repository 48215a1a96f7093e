package main

import (
	"context"
	"log"
	"time"

	events "example.com/shop/gen/gateway/events/v1"
)

// consume acts on each event of a subscription until the context ends. What act does and that it is
// done belong into one transaction: an event may come again.
func consume(ctx context.Context, client events.EventServiceClient, subscription string, act func(*events.ReceivedEvent) error) {
	for ctx.Err() == nil {
		if err := consumeStream(ctx, client, subscription, act); err != nil {
			log.Println("no events:", err)
			time.Sleep(time.Second)
		}
	}
}

func consumeStream(ctx context.Context, client events.EventServiceClient, subscription string, act func(*events.ReceivedEvent) error) error {
	stream, err := client.StreamingPull(ctx)
	if err == nil {
		err = stream.Send(&events.StreamingPullRequest{Subscription: subscription, AddEvents: 10})
	}
	for err == nil {
		var answer *events.StreamingPullResponse
		if answer, err = stream.Recv(); err != nil || len(answer.GetEvents()) == 0 {
			continue // io.EOF as well: call again
		}
		next := &events.StreamingPullRequest{AddEvents: int32(len(answer.GetEvents()))}
		for _, event := range answer.GetEvents() {
			if act(event) == nil { // else it comes again when its deadline has passed
				next.AckIds = append(next.AckIds, event.GetAckId())
			}
		}
		err = stream.Send(next)
	}
	return err
}
