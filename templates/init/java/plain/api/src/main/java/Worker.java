import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/** The worker: asks the API now and then. */
public final class Worker {
    public static void main(String[] args) throws IOException, InterruptedException {
        HttpClient client = HttpClient.newHttpClient();
        HttpRequest question = HttpRequest.newBuilder(URI.create(System.getenv("API_URL") + "/hello")).build();
        while (true) {
            System.out.println(client.send(question, BodyHandlers.ofString()).body());
            Thread.sleep(5000);
        }
    }
}
