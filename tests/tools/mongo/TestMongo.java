import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.util.List;
import org.h2.mvstore.MVStore;

/** Serves a file by MongoDB's wire protocol at a port of this machine: {@code TestMongo FILE PORT}. */
public final class TestMongo {
    /** Drivers of today want at least MongoDB 4.4; the library itself stops at version 8 of the protocol. */
    private static final class Version44 implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(4, 4, 0);
        }

        @Override
        public int getWireVersion() {
            return 9;
        }
    }

    /**
     * Does one command at a time and puts it on the disk before it answers, as MongoDB's journal does: the library keeps documents
     * and ids in two maps, which a kill, or a second client, would otherwise leave apart.
     */
    private static final class JournaledBackend extends H2Backend {
        JournaledBackend(MVStore file) {
            super(file);
        }

        @Override
        public synchronized Document handleMessage(MongoMessage message) {
            Document answer = super.handleMessage(message);
            commit();
            return answer;
        }
    }

    public static void main(String[] arguments) throws Exception {
        MVStore file = MVStore.open(arguments[0]);
        file.setAutoCommitDelay(0);
        H2Backend backend = new JournaledBackend(file);
        backend.version(new Version44());
        MongoServer server = new MongoServer(backend);
        server.bind("127.0.0.1", Integer.parseInt(arguments[1]));
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        Thread.currentThread().join();
    }
}
