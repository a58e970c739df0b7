"""The nouns of `body_plans`, by body plan and rough proportions."""

from __future__ import annotations

__all__ = ["TABLE"]

TABLE = {
    # Animals
    "beast": "cat dog fox wolf puppy pup kitten kitty lion tiger leopard cheetah panther jaguar "
    "lynx bobcat cougar puma hyena coyote jackal rabbit hare bunny raccoon badger otter pig "
    "piglet hog boar beaver animal pet poodle bulldog corgi husky labrador retriever lioness cub "
    "terrier wolfdog beagle dachshund pug chihuahua dalmatian shepherd collie wombat skunk "
    "porcupine hedgehog armadillo anteater capybara mongoose ferret sphinx tabby ocelot dingo "
    "doggy kitties werewolf tapir warthog aardvark lemur opossum possum hellhound",
    "tiny-beast": "mouse rat hamster squirrel chipmunk gerbil mole shrew vole weasel stoat guinea "
    "chinchilla marmot groundhog meerkat dormouse",
    "bear": "bear panda koala polar grizzly sloth teddy",
    "hoofed": "horse pony deer cow bull ox bison buffalo donkey mule zebra unicorn antelope elk "
    "moose reindeer caribou stag goat sheep lamb ram foal calf gazelle pegasus fawn doe mare "
    "stallion colt yak okapi llama alpaca camel centaur ewe cattle steed wildebeest",
    "long-necked": "giraffe brachiosaurus diplodocus",
    "giant": "elephant rhino rhinoceros hippo hippopotamus mammoth walrus",
    "primate": "monkey gorilla ape chimpanzee chimp orangutan baboon gibbon",
    "bird": "bird parrot owl eagle hawk falcon crow raven pigeon dove sparrow robin seagull gull "
    "duck duckling goose gosling swan chicken hen rooster chick penguin peacock turkey canary "
    "hummingbird vulture macaw magpie woodpecker phoenix cockatoo parakeet budgie puffin pelican "
    "albatross kingfisher finch cardinal toucan blackbird bluebird swallow starling pheasant "
    "quail osprey condor buzzard jay wren pterodactyl griffin partridge cuckoo nightingale kiwi",
    "wader": "flamingo stork heron crane egret ibis ostrich emu",
    "bat": "bat",
    "fish": "fish shark whale dolphin goldfish salmon trout koi orca tuna carp piranha porpoise "
    "swordfish clownfish catfish cod bass seal manatee narwhal",
    "turtle": "turtle tortoise",
    "crawler": "crab lobster crayfish scorpion shrimp",
    "octopus": "octopus squid jellyfish kraken",
    "reptile": "lizard crocodile alligator gecko iguana salamander newt chameleon",
    "frog": "frog toad",
    "snail": "snail slug",
    "snake": "snake worm eel serpent cobra python viper caterpillar centipede",
    "insect": "butterfly moth bee wasp dragonfly beetle ant ladybug ladybird spider fly insect "
    "bumblebee hornet mosquito grasshopper cricket firefly bug cicada mantis",
    "dinosaur": "dinosaur dragon t-rex velociraptor tyrannosaurus godzilla wyvern raptor",
    # People and what looks like them
    "person": "man woman boy girl person child kid baby infant lady guy gentleman human character "
    "figure teenager teen adult toddler soldier knight king queen prince princess warrior samurai "
    "ninja pirate astronaut doctor nurse chef cook dancer ballerina singer player superhero clown "
    "student teacher professor monk nun priest male female grandmother grandfather grandma "
    "grandpa bride groom uncle aunt cousin nephew niece grandson granddaughter neighbor mother "
    "father mom dad son daughter brother sister wife husband boyfriend girlfriend friend couple "
    "family people crowd gang team choir waiter waitress barista cyclist biker rider driver pilot "
    "sailor fisherman farmer gardener worker builder carpenter policeman policewoman officer cop "
    "firefighter fireman detective spy thief robber burglar cowboy viking gladiator emperor "
    "empress pharaoh tourist hiker climber skier snowboarder surfer swimmer runner jogger walker "
    "skater skateboarder goalkeeper boxer wrestler athlete musician guitarist drummer pianist "
    "violinist conductor artist painter sculptor model actor actress celebrity guest visitor "
    "passenger pedestrian bystander stranger photographer photobomber magician acrobat juggler "
    "scientist lawyer judge businessman businesswoman boss twin schoolgirl schoolboy youngster "
    "elder gentlewoman beauty dude fellow myself face me him her them i he she we they us you "
    "everyone everybody cheerleader hero heroine villager hunter referee coach butler maid vendor "
    "shopkeeper librarian bartender baker butcher barber mechanic scuba diver fan spectator "
    "groomsman bridesmaid newborn granny lumberjack fisher monkish redhead "
    "blonde brunette",
    "creature": "robot android cyborg zombie vampire mermaid elf fairy angel devil demon skeleton "
    "alien wizard witch sorcerer ghost goblin orc troll ogre gnome dwarf scarecrow snowman "
    "mannequin statue sculpture doll puppet marionette figurine mech monster mummy yeti bigfoot "
    "spider-man spiderman batman superman ironman ironwoman hulk terminator stormtrooper joker "
    "nutcracker golem golum santa cherub faun minotaur nymph totem bust action-figure",
    # Vehicles
    "car": "car bus minibus ambulance van truck taxi limousine limo jeep suv minivan sedan lorry "
    "cab wagon tram carriage pickup hearse coach automobile vehicle convertible hatchback racecar "
    "streetcar trolley camper campervan caravan motorhome fire-truck firetruck bulldozer tractor "
    "tank sportscar ferrari lamborghini porsche beetle-car buggy cart stagecoach",
    "train": "train locomotive subway monorail metro",
    "two-wheeler": "bicycle bike motorcycle motorbike scooter moped tricycle vespa e-bike unicycle",
    "boat": "boat ship sailboat yacht canoe kayak ferry raft gondola rowboat dinghy speedboat "
    "barge schooner galleon steamboat tugboat trawler catamaran warship lifeboat longship",
    "submarine": "submarine torpedo",
    "aircraft": "plane airplane aeroplane jet aircraft airliner glider biplane seaplane",
    "helicopter": "helicopter drone chopper quadcopter",
    "balloon": "balloon parachute",
    "airship": "blimp airship zeppelin",
    "board": "skateboard surfboard snowboard longboard ski paddleboard wakeboard",
    "sled": "sled sleigh sledge toboggan",
    "snowmobile": "snowmobile jet-ski",
    # Furniture and rooms
    "seat": "chair armchair stool throne rocker recliner beanbag ottoman",
    "couch": "sofa couch bench settee loveseat pew daybed futon chaise",
    "bed": "bed crib cot mattress hammock bunk",
    "table": "table desk counter workbench countertop nightstand",
    "cabinet": "tv television monitor screen bookshelf bookcase cabinet wardrobe fridge "
    "refrigerator cupboard closet dresser shelf microwave oven aquarium stove dishwasher washer "
    "dryer safe locker fireplace chest-of-drawers sideboard",
    "sheet": "painting picture map poster photo photograph paper letter scroll print canvas "
    "mirror window frame document certificate newspaper card envelope postcard sign signboard "
    "billboard blackboard chalkboard whiteboard board banner flag calendar mural tapestry "
    "portrait drawing placard screenful menu note page",
    "book": "book notebook laptop tablet diary magazine album journal ipad novel",
    "phone": "phone smartphone cellphone iphone remote calculator walkie-talkie",
    "camera": "camera binoculars camcorder projector",
    "door": "door gate doorway archway arch",
    "fence": "fence hedge railing wall",
    "rug": "rug carpet mat doormat",
    "lamp": "lamp lantern streetlamp lamppost streetlight candlestick candelabra torch",
    "chandelier": "chandelier",
    "tub": "bathtub tub jacuzzi",
    "toilet": "toilet sink bidet washbasin",
    "clock": "clock wheel hubcap dartboard",
    "bell": "bell",
    "candle": "candle",
    # Food
    "fruit": "apple orange peach lemon lime tomato plum pear apricot nectarine fruit mango onion "
    "pomegranate grapefruit persimmon cherry tangerine avocado strawberry kiwifruit fig berry "
    "walnut acorn chestnut nut egg potato coconut melon watermelon pumpkin cantaloupe turnip beet "
    "macaron cabbage lettuce guava papaya quince hazelnut almond",
    "sphere": "ball baseball basketball football globe orb sphere bubble snowball disco-ball "
    "soccer-ball volleyball beachball planet earth yo-yo cannonball pearl ornament bauble",
    "long-food": "banana cucumber carrot zucchini eggplant corn baguette sausage hotdog churro "
    "celery chili burrito hot-dog",
    "sandwich": "burger hamburger cheeseburger sandwich",
    "crescent": "croissant",
    "pineapple": "pineapple",
    "disc": "pizza pie plate pancake cookie coin tart donut doughnut bagel frisbee waffle biscuit "
    "medal pretzel cracker shield tortilla quiche flatbread puck record",
    "cake": "cake cupcake muffin cheesecake brownie",
    "loaf": "bread loaf toast",
    "grains": "rice food meal noodles pasta spaghetti salad soup stew curry ramen hotpot",
    "ice-cream": "ice-cream popsicle lollipop cone",
    "meat": "steak chop",
    # Things held
    "cup": "cup mug glass goblet beaker tumbler tankard teacup chalice stein",
    "bottle": "bottle vase flask jar jug pitcher thermos urn carafe decanter",
    "can": "can tin",
    "kettle": "kettle teapot",
    "bowl": "bowl basin pot pan wok cauldron saucepan bucket pail dish",
    "strings": "guitar violin ukulele cello banjo lute mandolin viola fiddle bass-guitar sitar",
    "keys": "piano organ keyboard harpsichord synthesizer",
    "winds": "flute clarinet oboe recorder",
    "sax": "saxophone",
    "brass": "trumpet trombone tuba horn bugle",
    "accordion": "accordion concertina",
    "drum": "drum barrel",
    "blade": "sword katana sabre saber dagger knife machete lightsaber rapier cutlass scimitar",
    "pole": "spear staff broom stick cane pole umbrella parasol mop rake shovel oar paddle lance "
    "trident pitchfork scepter rod baton",
    "pen": "pen pencil paintbrush brush matchstick wand chopstick crayon marker toothbrush "
    "screwdriver cigarette cigar needle quill feather",
    "hammer": "axe hammer hatchet pickaxe mallet tomahawk",
    "gun": "gun rifle pistol revolver shotgun musket blaster",
    "spoon": "spoon fork ladle spatula whisk",
    "bag": "bag backpack handbag purse suitcase basket briefcase satchel luggage tote rucksack",
    "box": "box crate chest carton package gift present parcel cube cage birdcage trunk bin",
    "cloth": "towel blanket cloth curtain scarf napkin sheet tablecloth quilt",
    "cushion": "pillow cushion",
    "microphone": "microphone mic",
    "racket": "racket racquet",
    # Clothes
    "top": "shirt t-shirt tshirt jacket coat sweater hoodie blouse vest blazer cardigan jersey "
    "top jumper sweatshirt raincoat parka overcoat polo waistcoat tunic windbreaker pullover tee",
    "legwear": "trousers pants jeans shorts leggings stockings tights sweatpants slacks",
    "skirt": "skirt kilt tutu",
    "gown": "dress gown robe kimono sari sundress cape cloak cheongsam hanbok toga bathrobe",
    "outfit": "clothes clothing outfit suit uniform costume garment tuxedo armor armour attire "
    "pajamas pyjamas swimsuit bikini overalls jumpsuit spacesuit wetsuit outerwear apparel "
    "wardrobe-outfit bodysuit",
    "hat": "hat cap helmet beanie beret fedora bonnet sombrero turban headscarf bandana hood "
    "headdress",
    "crown": "crown tiara diadem wreath halo headband",
    "shoe": "shoe sneaker sandal slipper heel footwear loafer moccasin clog flip-flop trainer",
    "boot": "boot",
    "glove": "glove mitten",
    "ring": "ring bracelet bangle wristband earring watch wristwatch",
    "necklace": "necklace pendant chain choker collar",
    "tie": "tie necktie",
    "bow": "bowtie bow ribbon",
    "eyewear": "glasses sunglasses goggles monocle",
    "mask": "mask",
    "earphones": "headphones earmuffs earphones headset",
    # Buildings and outdoors
    "tower": "tower skyscraper lighthouse steeple obelisk pagoda minaret chimney windmill silo "
    "column pillar",
    "house": "house cottage barn cabin hut villa church temple shed bungalow castle palace "
    "mansion building home farmhouse chapel cathedral mosque shrine school library hotel inn "
    "store shop cafe restaurant office warehouse factory garage stable treehouse greenhouse "
    "gazebo kiosk hospital museum station chalet lodge shack mill",
    "rocket": "rocket missile spaceship",
    "tent": "tent teepee tipi wigwam yurt",
    "igloo": "igloo dome planetarium observatory",
    "bridge": "bridge footbridge viaduct aqueduct",
    "booth": "booth phone-booth kiosk-booth elevator",
    "mailbox": "mailbox postbox hydrant",
    "post": "signpost post parking-meter traffic-light bollard",
    "fountain": "fountain",
    "tree": "tree oak pine birch willow maple spruce fir elm cedar baobab sycamore sequoia",
    "palm": "palm",
    "bush": "bush shrub bonsai",
    "cactus": "cactus cacti",
    "flower": "flower rose tulip daisy sunflower lily orchid dandelion poppy lotus peony "
    "carnation iris daffodil hydrangea chrysanthemum hibiscus blossom lavender marigold",
    "bouquet": "bouquet",
    "mushroom": "mushroom toadstool",
    "ground": "grass lawn meadow road street field floor path sand beach snow asphalt pavement "
    "sidewalk gravel soil dirt desert flowerbed driveway tarmac runway",
    "water": "lake river sea ocean pond pool water sky stream creek lagoon swamp",
    "forest": "forest jungle woods rainforest orchard",
    "mountain": "mountain hill volcano peak cliff iceberg",
    "pyramid": "pyramid",
    "light": "sun moon star comet",
    "cloud": "cloud",
    "rock": "rock boulder stone",
    "plant": "plant houseplant fern succulent",
    "leaf": "leaf petal",
    "kite": "kite",
}
