package main

import (
	"strconv"
	"time"
)

// The parts of /jsz that are told.
type jetStream struct {
	Disabled  bool    `json:"disabled"`
	Streams   float64 `json:"streams"`
	Consumers float64 `json:"consumers"`
	Messages  float64 `json:"messages"`
	Bytes     float64 `json:"bytes"`
	Config    struct {
		MaxMemory float64 `json:"max_memory"`
		MaxStore  float64 `json:"max_storage"`
		Domain    string  `json:"domain"`
	} `json:"config"`
	Meta     *group `json:"meta_cluster"`
	Accounts []struct {
		Name    string   `json:"name"`
		ID      string   `json:"id"`
		Streams []stream `json:"stream_detail"`
	} `json:"account_details"`
}

type group struct {
	Name   string `json:"name"`
	Leader string `json:"leader"`
}

type stream struct {
	Name    string `json:"name"`
	Cluster *group `json:"cluster"`
	State   struct {
		Messages  float64 `json:"messages"`
		Bytes     float64 `json:"bytes"`
		FirstSeq  float64 `json:"first_seq"`
		LastSeq   float64 `json:"last_seq"`
		Consumers float64 `json:"consumer_count"`
	} `json:"state"`
	Consumers []consumer `json:"consumer_detail"`
}

type consumer struct {
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	Config  struct {
		Description string `json:"description"`
	} `json:"config"`
	Cluster     *group   `json:"cluster"`
	Delivered   sequence `json:"delivered"`
	AckFloor    sequence `json:"ack_floor"`
	AckPending  float64  `json:"num_ack_pending"`
	Redelivered float64  `json:"num_redelivered"`
	Waiting     float64  `json:"num_waiting"`
	Pending     float64  `json:"num_pending"`
}

type sequence struct {
	Consumer float64 `json:"consumer_seq"`
	Stream   float64 `json:"stream_seq"`
}

var pages = map[string]string{
	"account": "/jsz?accounts=true", "accounts": "/jsz?accounts=true",
	"stream": "/jsz?streams=true", "streams": "/jsz?streams=true",
	"consumer": "/jsz?consumers=true&config=true", "consumers": "/jsz?consumers=true&config=true",
	"all": "/jsz?consumers=true&config=true",
}

// writeJsz writes what JetStream has as a whole, of each stream and of each consumer, as far as it was asked for.
func writeJsz(written *exposition, server server, filter, id, name string) error {
	page, known := pages[filter]
	if !known {
		page = "/jsz"
	}
	var told jetStream
	if err := server.get(page, &told); err != nil {
		return err
	}
	cluster, leader, leads := "", "", "true"
	if told.Meta != nil {
		cluster, leader, leads = told.Meta.Name, told.Meta.Leader, isLeader(told.Meta, name)
	}
	with := labels{"server_id", id, "server_name", name, "cluster", cluster, "domain", told.Config.Domain,
		"meta_leader", leader, "is_meta_leader", leads}
	disabled := 0.0
	if told.Disabled {
		disabled = 1
	}
	for metric, value := range map[string]float64{
		"jetstream_disabled": disabled, "total_streams": told.Streams, "total_consumers": told.Consumers,
		"total_messages": told.Messages, "total_message_bytes": told.Bytes,
		"max_memory": told.Config.MaxMemory, "max_storage": told.Config.MaxStore,
	} {
		written.add("jetstream_server_"+metric, value, with)
	}
	for _, account := range told.Accounts {
		for _, stream := range account.Streams {
			writeStream(written, stream, name, append(with[:len(with):len(with)],
				"account", account.Name, "account_id", account.ID, "stream_name", stream.Name))
		}
	}
	return nil
}

func writeStream(written *exposition, stream stream, server string, with labels) {
	with = append(with, "stream_leader", leaderOf(stream.Cluster), "is_stream_leader", isLeader(stream.Cluster, server))
	for metric, value := range map[string]float64{
		"total_messages": stream.State.Messages, "total_bytes": stream.State.Bytes,
		"first_seq": stream.State.FirstSeq, "last_seq": stream.State.LastSeq, "consumer_count": stream.State.Consumers,
	} {
		written.add("jetstream_stream_"+metric, value, with)
	}
	for _, consumer := range stream.Consumers {
		of := append(with[:len(with):len(with)], "consumer_name", consumer.Name,
			"consumer_leader", leaderOf(consumer.Cluster), "is_consumer_leader", isLeader(consumer.Cluster, server),
			"consumer_desc", consumer.Config.Description, "consumer_created", consumer.Created.Local().Format(time.RFC3339))
		for metric, value := range map[string]float64{
			"delivered_consumer_seq": consumer.Delivered.Consumer, "delivered_stream_seq": consumer.Delivered.Stream,
			"ack_floor_consumer_seq": consumer.AckFloor.Consumer, "ack_floor_stream_seq": consumer.AckFloor.Stream,
			"num_ack_pending": consumer.AckPending, "num_redelivered": consumer.Redelivered,
			"num_waiting": consumer.Waiting, "num_pending": consumer.Pending,
		} {
			written.add("jetstream_consumer_"+metric, value, of)
		}
	}
}

func leaderOf(group *group) string {
	if group == nil {
		return ""
	}
	return group.Leader
}

// isLeader says whether a server leads a group; one that is no part of a cluster leads all that it has.
func isLeader(group *group, server string) string {
	return strconv.FormatBool(group == nil || group.Leader == server)
}
