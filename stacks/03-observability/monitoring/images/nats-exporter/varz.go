package main

// writeVarz writes every number of /varz, those of nested maps with the maps' keys before their names.
func writeVarz(written *exposition, varz map[string]any, id string) {
	for _, key := range []string{"server_id", "server_name", "version"} {
		if text, ok := varz[key].(string); ok {
			written.add("gnatsd_varz_"+key, 1, labels{"server_id", id, "value", text})
		}
	}
	writeNumbers(written, "gnatsd_varz", varz, id)
}

func writeNumbers(written *exposition, prefix string, values map[string]any, id string) {
	for key, value := range values {
		switch value := value.(type) {
		case float64:
			written.add(prefix+"_"+key, value, labels{"server_id", id})
		case map[string]any:
			// Its keys are the server's pages, which have slashes.
			if key != "http_req_stats" {
				writeNumbers(written, prefix+"_"+key, value, id)
			}
		}
	}
}
