package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// outbox puts messages on a queue and objects into a bucket. AWS_ENDPOINT_URL says where the services are.
type outbox struct {
	bucket string
	queue  string
	s3     *s3.Client
	sqs    *sqs.Client
}

func openOutbox(ctx context.Context, s settings) (*outbox, error) {
	loaded, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	return &outbox{
		bucket: s.bucket,
		queue:  s.queue,
		// A bucket in the host name would need a DNS entry for every bucket.
		s3:  s3.NewFromConfig(loaded, func(o *s3.Options) { o.UsePathStyle = true }),
		sqs: sqs.NewFromConfig(loaded),
	}, nil
}

// send returns the message's identifier.
func (o *outbox) send(ctx context.Context, body string) (string, error) {
	// Asked for each time: the queue may have been made anew since the last message.
	queue, err := o.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(o.queue)})
	if err != nil {
		return "", fmt.Errorf("find queue %s: %w", o.queue, err)
	}
	sent, err := o.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String(body)})
	if err != nil {
		return "", fmt.Errorf("send to queue %s: %w", o.queue, err)
	}
	return aws.ToString(sent.MessageId), nil
}

// put returns the object's entity tag.
func (o *outbox) put(ctx context.Context, key, text string) (string, error) {
	stored, err := o.s3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(o.bucket),
		Key:    aws.String(key),
		Body:   strings.NewReader(text),
	})
	if err != nil {
		return "", fmt.Errorf("put into bucket %s: %w", o.bucket, err)
	}
	return strings.Trim(aws.ToString(stored.ETag), `"`), nil
}
